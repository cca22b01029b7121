// oauth4webapi: requests, answers and tokens with keys.
import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { SIGNED, refused, tampered } from "../common.mjs";
import { App, keyed, publicApp, web } from "./app.mjs";

export async function pushedRequest(world) {
  const app = await web(world);
  await app.signIn({ send: app.push });
  await refused(app.push({ redirect_uri: "https://elsewhere.example/cb", scope: "openid" }), "invalid_request");
}

export async function signedAnswers(world) {
  const app = await App.discover(world, world.clients.signed, SIGNED);
  const tokens = await app.signIn({ response_mode: "jwt", receive: oauth.validateJwtAuthResponse });
  await app.userinfo(tokens);
  assert.equal((await app.introspect(tokens.access_token)).sub, world.sub);
  const refusal = { response_mode: "jwt", receive: oauth.validateJwtAuthResponse, scope: "shoes" };
  await refused(app.signIn(refusal), "invalid_scope");
}

export async function dpop(world) {
  const app = await web(world);
  const options = await app.dpop();
  const tokens = await app.signIn({}, options);
  assert.equal(tokens.token_type, "dpop");
  await app.userinfo(tokens, options);
  const renewed = await app.refresh(tokens, options);
  await app.userinfo(renewed, options);
  assert.ok((await app.introspect(renewed.access_token)).cnf.jkt);
  await refused(app.userinfo(tokens), "invalid_token");
  await refused(app.userinfo(tokens, await app.dpop()), "invalid_token");
}

export async function dpopAtApis(world) {
  const app = await web(world);
  const options = await app.dpop();
  const { access_token } = await app.signIn({ resource: world.api }, options);
  const claims = await app.called(access_token, world.api, options);
  assert.equal(claims.cnf.jkt, await options.DPoP.calculateThumbprint());
  await assert.rejects(app.called(access_token, world.api));
}

export async function dpopOfPublicClients(world) {
  const app = await publicApp(world);
  const options = await app.dpop();
  const tokens = await app.refresh(await app.signIn({}, options), options);
  await refused(app.refresh(tokens, await app.dpop()), "invalid_grant");
}

export async function dpopOfPushedRequests(world) {
  const app = await web(world);
  const options = await app.dpop();
  const send = (request) => app.push(request, options);
  await app.signIn({ send }, options);
  await refused(app.redeem(await app.authorize({ send }), await app.dpop()), "invalid_grant");
}

export async function privateKeyJwt(world) {
  const [app] = await keyed(world, world.clients.keyed);
  const tokens = await app.refresh(await app.signIn({ send: app.push }));
  assert.ok((await app.introspect(tokens.access_token)).active);
  await app.revoke(tokens.access_token);
  const { access_token } = await app.clientCredentials();
  assert.equal((await app.called(access_token, app.client.client_id)).sub, app.client.client_id);
  const { privateKey } = await oauth.generateKeyPair("ES256");
  app.auth = oauth.PrivateKeyJwt({ key: privateKey, kid: world.clients.keyed.key.kid });
  await refused(app.clientCredentials(), "invalid_client");
}

/** FAPI 2.0 Message Signing: signed and pushed requests, JARM, DPoP, private_key_jwt. */
export async function fapi(world) {
  const [app, key] = await keyed(world, world.clients.fapi, SIGNED);
  const options = await app.dpop();
  const send = async (parameters) => {
    const request = await oauth.issueRequestObject(app.as, app.client, { ...parameters, response_mode: "jwt" }, key);
    return app.push({ client_id: app.client.client_id, request }, options);
  };
  const tokens = await app.signIn({ send, receive: oauth.validateJwtAuthResponse }, options);
  await app.userinfo(tokens, options);
  assert.equal((await app.refresh(tokens, options)).refresh_token ?? tokens.refresh_token, tokens.refresh_token);
  const signed = await oauth.issueRequestObject(app.as, app.client, { redirect_uri: world.redirectUri }, key);
  const forged = { client_id: app.client.client_id, request: tampered(signed) };
  await refused(app.push(forged, options), "invalid_request_object");
}
