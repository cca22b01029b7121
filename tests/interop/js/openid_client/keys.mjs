// openid-client 6: requests, answers and tokens with keys.
import assert from "node:assert/strict";
import * as jose from "jose";
import * as client from "openid-client";
import { SIGNED, refused } from "../common.mjs";
import { authorize, configure, dpopOf, keyed, signedIn, userinfo, web } from "./app.mjs";

export async function pushedRequest(world) {
  const config = await web(world);
  await signedIn(world, config, { send: client.buildAuthorizationUrlWithPAR });
  const wrong = { redirect_uri: "https://elsewhere.example/cb", scope: "openid" };
  await refused(client.buildAuthorizationUrlWithPAR(config, wrong), "invalid_request");
}

export async function signedAnswers(world) {
  const config = await configure(world, world.clients.signed, undefined, SIGNED);
  client.useJwtResponseMode(config);
  client.enableNonRepudiationChecks(config);
  const tokens = await signedIn(world, config);
  assert.equal((await userinfo(config, tokens)).sub, tokens.claims().sub);
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).sub, tokens.claims().sub);
  await refused(signedIn(world, config, { prompt: "login", scope: "shoes" }), "invalid_scope");
}

export async function dpop(world) {
  const config = await web(world);
  const options = await dpopOf(config);
  const tokens = await signedIn(world, config, { options });
  assert.equal(tokens.token_type, "dpop");
  await userinfo(config, tokens, options);
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options);
  assert.equal(renewed.token_type, "dpop");
  await client.fetchUserInfo(config, renewed.access_token, tokens.claims().sub, options);
  assert.ok((await client.tokenIntrospection(config, renewed.access_token)).cnf.jkt);
  await refused(userinfo(config, tokens), "invalid_token");
  await refused(userinfo(config, tokens, await dpopOf(config)), "invalid_token");
}

export async function dpopOfPublicClients(world) {
  const config = await configure(world, world.clients.public, client.None());
  const options = await dpopOf(config);
  const tokens = await signedIn(world, config, { options });
  await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options);
  const again = client.refreshTokenGrant(config, tokens.refresh_token, undefined, await dpopOf(config));
  await refused(again, "invalid_grant");
}

export async function dpopOfPushedRequests(world) {
  const config = await web(world);
  const options = await dpopOf(config);
  const send = client.buildAuthorizationUrlWithPAR;
  await signedIn(world, config, { send, options });
  const { back, checks } = await authorize(world, config, { send, options });
  const other = await dpopOf(config);
  await refused(client.authorizationCodeGrant(config, back, checks, undefined, other), "invalid_grant");
}

export async function privateKeyJwt(world) {
  const [config] = await keyed(world, world.clients.keyed);
  const tokens = await signedIn(world, config);
  await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.ok((await client.tokenIntrospection(config, tokens.access_token)).active);
  await client.tokenRevocation(config, tokens.access_token);
  const { privateKey } = await jose.generateKeyPair("ES256");
  const forged = client.PrivateKeyJwt({ key: privateKey, kid: world.clients.keyed.key.kid });
  const stranger = await configure(world, { id: world.clients.keyed.id }, forged);
  await refused(client.clientCredentialsGrant(stranger), "invalid_client");
}

/** FAPI 2.0 Message Signing: signed and pushed requests, JARM, DPoP, private_key_jwt. */
export async function fapi(world) {
  const [config, key] = await keyed(world, world.clients.fapi, SIGNED);
  client.useJwtResponseMode(config);
  client.enableNonRepudiationChecks(config);
  const options = await dpopOf(config);
  const send = async (_, parameters) => {
    const { searchParams } = await client.buildAuthorizationUrlWithJAR(config, parameters, key);
    return client.buildAuthorizationUrlWithPAR(config, searchParams, options);
  };
  const tokens = await signedIn(world, config, { send, options });
  await userinfo(config, tokens, options);
  await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options);
  const unsigned = client.buildAuthorizationUrlWithPAR(config, { redirect_uri: world.redirectUri, scope: "openid" });
  await refused(unsigned, "invalid_request");
}
