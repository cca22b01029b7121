// openid-client 6: what an application of it holds.
import assert from "node:assert/strict";
import * as jose from "jose";
import * as client from "openid-client";
import { SCOPE } from "../common.mjs";

/** The library's configuration for one of the world's clients. */
export const configure = ({ issuer }, { id, secret }, authentication, metadata) =>
  client.discovery(new URL(issuer), id, { client_secret: secret, ...metadata }, authentication);

/** ... for the confidential one. */
export const web = (world, ...more) => configure(world, world.clients.web, ...more);

/** ... for one that authenticates with a key, and the key. */
export async function keyed(world, { id, key }, metadata) {
  const pair = { key: await jose.importPKCS8(key.pem, key.alg), kid: key.kid };
  return [await configure(world, { id }, client.PrivateKeyJwt(pair), metadata), pair];
}

/** Options of a request that proves a new key. */
export async function dpopOf(config) {
  return { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256")) };
}

/** Authorization request, sign-in, code: all that a grant needs. `send` makes the address that the person opens. */
export async function authorize(world, config, { send = client.buildAuthorizationUrl, options, ...changes } = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
  const parameters = {
    redirect_uri: world.redirectUri,
    scope: SCOPE,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    ...changes,
  };
  return { back: await world.person.visit(await send(config, parameters, options)), checks };
}

/** The tokens of a sign-in. `request.options` go with each of its calls. */
export async function signedIn(world, config, request = {}) {
  const { back, checks } = await authorize(world, config, request);
  const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, request.options);
  assert.equal(tokens.claims().sub, world.sub);
  return tokens;
}

/** The claims of whom the tokens are about. */
export const userinfo = (config, tokens, options) =>
  client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, options);
