// jose 6: what an application of it holds.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import * as jose from "jose";

const sha256 = (text) => createHash("sha256").update(text).digest();

/** The server's metadata. */
export const discover = async ({ issuer }) => (await fetch(`${issuer}/.well-known/openid-configuration`)).json();

/** A form's answer: status, body, and the nonce for the next proof. */
export async function post(url, fields, headers) {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers });
  const body = response.headers.get("content-type").includes("json") ? await response.json() : await response.text();
  return { status: response.status, body, nonce: response.headers.get("dpop-nonce") };
}

/** The token request of a person's sign-in, not sent yet. */
export async function granted(world, server, id) {
  const verifier = randomBytes(32).toString("base64url");
  const leaving = new URL(server.authorization_endpoint);
  leaving.search = new URLSearchParams({
    client_id: id,
    response_type: "code",
    redirect_uri: world.redirectUri,
    scope: "openid profile",
    nonce: "n",
    code_challenge: sha256(verifier).toString("base64url"),
    code_challenge_method: "S256",
  });
  const code = (await world.person.visit(leaving)).searchParams.get("code");
  return { grant_type: "authorization_code", code, redirect_uri: world.redirectUri, code_verifier: verifier };
}

/** The tokens of a sign-in by a client with a secret. */
export async function signedIn(world, server, { id, secret }) {
  const form = await granted(world, server, id);
  const { status, body } = await post(server.token_endpoint, { ...form, client_id: id, client_secret: secret });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** The published keys. */
export const keysOf = ({ jwks_uri }, options) => jose.createRemoteJWKSet(new URL(jwks_uri), options);
/** What an API expects of an access token for that client. */
export const asAccessToken = ({ issuer }, { id }) => ({ issuer, audience: id, typ: "at+jwt", algorithms: ["ES256"] });
