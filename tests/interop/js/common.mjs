// What the libraries' files share.
import assert from "node:assert/strict";

export const SCOPE = "openid profile email offline_access";

/** The metadata of the world's clients `signed` and `fapi`. */
export const SIGNED = {
  id_token_signed_response_alg: "ES256",
  userinfo_signed_response_alg: "ES256",
  introspection_signed_response_alg: "ES256",
  authorization_signed_response_alg: "ES256",
};

export const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const TYPE = "urn:ietf:params:oauth:token-type:";
export const ACCESS_TOKEN = `${TYPE}access_token`;
export const JWT = `${TYPE}jwt`;
export const USER_ID = "urn:zitadel:params:oauth:token-type:user_id";

/** The promise is rejected with an OAuth error of that code, whichever class the library throws. */
export async function refused(promise, code) {
  const error = await promise.then(
    () => assert.fail(`not refused with ${code}`),
    (thrown) => thrown,
  );
  const challenges = Array.isArray(error.cause) ? error.cause : [];
  const inHeader = challenges.find(({ parameters }) => parameters.error)?.parameters.error;
  assert.equal(inHeader ?? error.error ?? (await inBody(error)), code, error.stack);
}

/** Where there is a challenge, the libraries of panva leave the body to their caller. */
async function inBody({ response, code }) {
  return response instanceof Response && !response.bodyUsed ? (await response.json()).error : code;
}

/** The JWT with another signature of the same length. */
export function tampered(token) {
  const middle = token.lastIndexOf(".") + 20;
  const other = token[middle] === "A" ? "B" : "A";
  return token.slice(0, middle) + other + token.slice(middle + 1);
}

/** The unverified claims of a JWT: for looking only. */
export const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

/** The parameters of an exchange of `subject` for a JWT. */
export const exchangeOf = (subject, type, more) => ({
  subject_token: subject,
  subject_token_type: type,
  requested_token_type: JWT,
  scope: "openid profile",
  ...more,
});

/** ... by which the service account acts for the subject. */
export const actedBy = ({ pat }) => ({ actor_token: pat, actor_token_type: ACCESS_TOKEN });
