// What the parts of an access token mean, in words. RFC 7519, RFC 8693, RFC 9068, OpenID Connect.

export const meanings = {
  alg: "Algorithm of the signature.",
  kid: "Which of the issuer's published keys signed it.",
  typ: "What kind of token this is: an access token (RFC 9068).",
  iss: "Issuer: who vouches for this.",
  sub: "Subject: you, as a number that never changes and is never given to anybody else.",
  aud: "Audience: the application it is meant for. No other accepts it.",
  client_id: "The client that asked for it: the gateway.",
  iat: "When it was issued.",
  nbf: "Not valid before.",
  exp: "When it ends. The gateway fetches the next one by itself.",
  jti: "Number of this very token.",
  scope: "What it may be used for.",
  sid: "Session of this browser that it belongs to.",
  acr: "How sure the issuer is of who you are.",
  amr: "How you have shown who you are.",
  act: "Actor: on whose authority it was made for you.",
  auth_time: "When you last showed a password or passkey.",
  azp: "The party it was issued to.",
};

const times = new Set(["iat", "nbf", "exp", "auth_time"]);

export function shown(name, value) {
  if (times.has(name) && Number.isFinite(value))
    return `${new Date(value * 1000).toLocaleTimeString()} (${value})`;
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
