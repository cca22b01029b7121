import { randomUUID } from "node:crypto";
import { config } from "./config";

/** A refusal of the user API or of the token endpoint. */
export class ZitadelError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Asking again would not help. */
export function isRefusal(error: unknown): error is ZitadelError {
  return error instanceof ZitadelError && error.status < 500;
}

export interface Registration {
  givenName: string;
  familyName: string;
  email: string;
  password: string;
}

/** Makes a user whom nobody has asked for a name, tagged with today's date. Returns its id. */
export async function createGuest(): Promise<string> {
  const name = `guest-${randomUUID()}@guest.invalid`;
  const made = await call<{ id: string }>("POST", "/zitadel.user.v2.UserService/CreateUser", {
    organizationId: config.organization,
    username: name,
    human: {
      profile: { givenName: "Guest", familyName: "User" },
      // "Verified", so that no mail is sent to an address that does not exist.
      email: { email: name, isVerified: true },
      metadata: [{ key: guestTag(new Date()), value: base64("created") }],
    },
  });
  return made.id;
}

/**
 * A JWT that speaks for the guest, its actor being the service account (RFC 8693). For a registered
 * user it is refused.
 */
export async function exchangeForGuest(userId: string): Promise<string> {
  const form = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: userId,
    subject_token_type: "urn:zitadel:params:oauth:token-type:user_id",
    actor_token: config.serviceToken,
    actor_token_type: "urn:ietf:params:oauth:token-type:access_token",
    requested_token_type: "urn:ietf:params:oauth:token-type:jwt",
    scope: "openid profile email",
    client_id: config.clientId,
  });
  if (config.clientSecret) form.set("client_secret", config.clientSecret);
  const answer = await fetch(`${config.issuer}/oauth/v2/token`, { method: "POST", body: form });
  const body = (await answer.json()) as {
    access_token: string;
    error?: string;
    error_description?: string;
  };
  if (!answer.ok) {
    throw new ZitadelError(answer.status, body.error ?? "", body.error_description ?? "");
  }
  return body.access_token;
}

/** Turns the guest into an account: same id, same `sub`. May be repeated after a refusal. */
export async function upgradeGuest(userId: string, person: Registration): Promise<void> {
  const { givenName, familyName, email, password } = person;
  await call("PUT", `/v2/users/human/${userId}`, {
    username: email,
    profile: { givenName, familyName, displayName: `${givenName} ${familyName}` },
    // The shop vouches for the address, so that it signs in at once.
    email: { email, isVerified: true },
  });
  await call("POST", "/zitadel.user.v2.UserService/SetPassword", {
    userId,
    newPassword: { password, changeRequired: false },
  });
  for (const key of await guestTags(userId)) {
    await call("DELETE", `/v2/users/${userId}/metadata?keys=${encodeURIComponent(key)}`);
  }
}

/** Whether the user still has the tag that guests have. */
export async function isGuest(userId: string): Promise<boolean> {
  return (await guestTags(userId)).length > 0;
}

export async function deleteGuest(userId: string): Promise<void> {
  await call("POST", "/zitadel.user.v2.UserService/DeleteUser", { userId });
}

async function guestTags(userId: string): Promise<string[]> {
  const found = await call<{ metadata?: { key: string }[] }>(
    "POST",
    `/v2/users/${userId}/metadata/search`,
    {},
  );
  return (found.metadata ?? []).map((entry) => entry.key).filter((key) => key.startsWith("GUEST_"));
}

/** GUEST_YY_MM_DD, by which abandoned guests are found. */
function guestTag(day: Date): string {
  return `GUEST_${day.toISOString().slice(2, 10).replaceAll("-", "_")}`;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const answer = await fetch(config.issuer + path, {
    method,
    headers: {
      Authorization: `Bearer ${config.serviceToken}`,
      ...(body && { "Content-Type": "application/json" }),
    },
    body: body && JSON.stringify(body),
    cache: "no-store",
  });
  const answered = (await answer.json()) as T & { code?: string | number; message?: string };
  if (!answer.ok) {
    throw new ZitadelError(answer.status, String(answered.code ?? ""), answered.message ?? "");
  }
  return answered;
}
