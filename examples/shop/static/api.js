// Talking to the shop and to the gateway: both are this page's own origin, so no token, no CORS and
// no storage is needed here. The gateway's cookie is httpOnly; this script never sees it.

export class Refused extends Error {
  constructor(status, body) {
    super(body.message || `The server answered ${status}.`);
    this.status = status;
    this.error = body.error || "";
    this.fields = body.fields || {};
    this.work = body.proof_of_work;
  }
}

// While the gateway asks newcomers for proof of work, its own script does it and opens a session.
async function send(method, path, body) {
  try {
    return await sendOnce(method, path, body);
  } catch (refusal) {
    if (refusal.error !== "proof_of_work_required") throw refusal;
    const { openSession } = await import("/guest/v1/proof-of-work.js");
    await openSession(refusal.work);
    return sendOnce(method, path, body);
  }
}

async function sendOnce(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  let answer = {};
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    answer = {};
  }
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

export const get = (path) => send("GET", path);
export const post = (path, body = {}) => send("POST", path, body);
export const put = (path, body = {}) => send("PUT", path, body);
export const remove = (path) => send("DELETE", path);

// For writes that no rule of the gateway names as high intent: ask for an identity, then try again.
export async function withIdentity(write) {
  try {
    return await write();
  } catch (refusal) {
    if (!(refusal instanceof Refused) || refusal.status !== 401) throw refusal;
    await post("/guest/v1/session");
    return write();
  }
}
