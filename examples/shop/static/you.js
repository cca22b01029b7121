// The panel that shows who the visitor is: the gateway's session, the token's claims, what happened.

import * as api from "./api.js";
import { meanings, shown } from "./claims.js";
import { byId, byTest, make, toast, when } from "./dom.js";

const explanations = {
  nobody: "No identity, no session, no row in any database. Put something in the cart and see.",
  guest: "You have an identity without having been asked for anything. Register to keep it, or have it forgotten.",
  account: "The same sub as before you gave your name, if this browser registered you.",
};

let session = { signed_in: false };
let token = null;
const listeners = [];

export function onIdentity(listener) {
  listeners.push(listener);
}

// Asks the gateway again; true if there was no identity before and there is one now.
export async function identityMayHaveChanged() {
  const before = session;
  await refresh();
  const isNew = !before.signed_in && session.signed_in;
  if (isNew) {
    const panel = byId("you");
    panel.classList.remove("fresh");
    requestAnimationFrame(() => panel.classList.add("fresh"));
  }
  return isNew;
}

function showSession() {
  const kind = session.signed_in ? session.kind : "nobody";
  const badge = byTest("whoami-kind");
  badge.textContent = kind;
  badge.dataset.kind = kind;
  byId("you-explain").textContent = explanations[kind] || "";
  byId("you-facts").hidden = !session.signed_in;
  byTest("whoami-sub").textContent = session.sub || "";
  fact("whoami-name", session.name);
  fact("whoami-email", session.email);
  fact("whoami-expires", session.expires_at && when(new Date(session.expires_at * 1000)));
  const verified = byTest("whoami-email-verified");
  verified.hidden = !session.email;
  verified.dataset.verified = String(Boolean(session.email_verified));
  verified.textContent = session.email_verified ? "proved" : "not proved yet";
  byId("sign-in-form").hidden = kind === "account";
  byId("sign-out-form").hidden = kind !== "account";
  byId("forget-me").hidden = kind !== "guest";
}

function fact(id, value) {
  const cell = byTest(id);
  cell.textContent = value || "";
  cell.closest("div").hidden = !value;
}

function fill(table, members) {
  table.tBodies[0].replaceChildren(
    ...Object.entries(members).map(([name, value]) => {
      const head = make("th", { scope: "row" }, name);
      const cell = make("td", {}, make("code", {}, shown(name, value)));
      cell.firstChild.dataset.testid = `claim-${name}`;
      if (meanings[name]) cell.append(make("small", {}, meanings[name]));
      return make("tr", {}, head, cell);
    }),
  );
}

async function showToken() {
  byId("jwt").hidden = !session.signed_in;
  token = null;
  if (!session.signed_in) return;
  token = await api.get("/api/token");
  fill(byTest("jwt-claims"), token.claims);
  fill(byTest("jwt-header"), token.header);
  tick();
}

async function showTimeline() {
  byId("happened").hidden = !session.signed_in;
  if (!session.signed_in) return;
  const { events = [] } = await api.get("/guest/v1/timeline");
  byTest("timeline").replaceChildren(
    ...events.map((event) => {
      const at = new Date(event.at * 1000);
      const time = make("time", { dateTime: at.toISOString() }, when(at));
      const item = make("li", {}, make("strong", {}, event.type), time, make("span", {}, event.text || ""));
      item.dataset.type = event.type;
      return item;
    }),
  );
}

export async function refresh() {
  session = await api.get("/guest/v1/session");
  showSession();
  for (const listener of listeners) listener(session);
  await Promise.all([showToken(), showTimeline()]).catch(() => {
    byTest("jwt-countdown").textContent = "unknown";
  });
}

let renewing = false;
async function tick() {
  if (!token?.claims?.exp) return;
  const left = Math.max(0, Math.round(token.claims.exp - Date.now() / 1000));
  const minutes = Math.floor(left / 60);
  byTest("jwt-countdown").textContent = `${minutes}:${String(left % 60).padStart(2, "0")}`;
  byId("jwt-progress").value = left / Math.max(1, token.claims.exp - (token.claims.iat || token.claims.exp));
  if (left > 0 || renewing) return;
  // It has run out: any request makes the gateway fetch the next one.
  renewing = true;
  await refresh().catch(() => {});
  setTimeout(() => (renewing = false), 5000);
}

function wireForget() {
  const dialog = byId("forget-dialog");
  byId("forget-me").addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("close", async () => {
    if (dialog.returnValue !== "forget") return;
    dialog.returnValue = "";
    try {
      await api.remove("/guest/v1/session");
      location.assign("/");
    } catch (refusal) {
      toast(refusal.message);
    }
  });
}

export function wireYou() {
  wireForget();
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") refresh().catch(() => {});
  });
  refresh().catch(() => {
    byId("you-explain").textContent = "The gateway cannot be reached just now.";
  });
}
