// oauth4webapi: grants without a page, or with one elsewhere.
import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { ACCESS_TOKEN, JWT, USER_ID, actedBy, claimsOf, refused, tampered } from "../common.mjs";
import { App, publicApp, web } from "./app.mjs";

export async function clientCredentials(world) {
  const app = await web(world);
  const { access_token } = await app.clientCredentials({ resource: world.api });
  // A client with one service account speaks for it.
  assert.equal((await app.called(access_token, world.api)).sub, world.service.id);
  await refused(app.clientCredentials({ resource: "https://not.ours.example" }), "invalid_target");
  await refused((await App.discover(world, world.clients.signed)).clientCredentials(), "unauthorized_client");
}

export async function exchangeOfTokens(world) {
  const app = await web(world);
  const { access_token, id_token } = await app.signIn();
  for (const type of [ACCESS_TOKEN, JWT]) {
    const narrower = await app.exchange(access_token, type, { resource: world.api });
    assert.equal(narrower.issued_token_type, JWT);
    const claims = await app.called(narrower.access_token, world.api);
    assert.deepEqual([claims.sub, claims.act], [world.sub, undefined]);
  }
  await refused(app.exchange(id_token, ACCESS_TOKEN), "invalid_request");
  await refused(app.exchange(tampered(access_token), JWT), "invalid_request");
  await refused(app.exchange(access_token, JWT, { resource: "https://not.ours.example" }), "invalid_target");
}

export async function exchangeOfUserIds(world) {
  const guest = await world.person.guest();
  const app = await web(world);
  const acted = await app.exchange(guest, USER_ID, actedBy(world.service));
  const claims = await app.called(acted.access_token, app.client.client_id);
  assert.deepEqual([claims.sub, claims.act.sub], [guest, world.service.id]);
  await app.userinfo(acted, {}, guest);
  await refused(app.exchange(guest, USER_ID), "invalid_request");
  await refused(app.exchange(guest, USER_ID, actedBy({ pat: tampered("a.b." + "x".repeat(40)) })), "invalid_request");
}

/** Guest applications of ZITADEL's send their personal access token along, as if it said who they are. */
export async function exchangeWithStrayToken(world) {
  const app = await publicApp(world);
  app.auth = (_, { client_id }, body, headers) => {
    body.set("client_id", client_id);
    headers.set("authorization", `Bearer ${world.service.pat}`);
  };
  const guest = await world.person.guest();
  const acted = await app.exchange(guest, USER_ID, actedBy(world.service));
  assert.equal(claimsOf(acted.access_token).sub, guest);
  await refused(app.exchange(guest, USER_ID), "invalid_request");
}

export async function exchangeOfPublicClients(world) {
  const app = await publicApp(world);
  const guest = await world.person.guest();
  const acted = await app.exchange(guest, USER_ID, actedBy(world.service));
  assert.equal(claimsOf(acted.access_token).sub, guest);
  await refused(app.exchange(acted.access_token, JWT), "unauthorized_client");
}

async function deviceDecided(world, decision) {
  const app = await web(world);
  const response = await oauth.deviceAuthorizationRequest(...app.me, { scope: "openid profile" });
  const begun = await oauth.processDeviceAuthorizationResponse(app.as, app.client, response);
  const poll = async () => {
    const answer = await oauth.deviceCodeGrantRequest(...app.me, begun.device_code);
    return oauth.processDeviceCodeResponse(app.as, app.client, answer);
  };
  await refused(poll(), "authorization_pending");
  await world.person.confirm(begun.user_code, decision);
  return poll;
}

export async function device(world) {
  const poll = await deviceDecided(world, "allow");
  assert.equal(oauth.getValidatedIdTokenClaims(await poll()).sub, world.sub);
  await refused(poll(), "invalid_grant");
}

export async function deniedDevice(world) {
  const poll = await deviceDecided(world, "deny");
  await refused(poll(), "access_denied");
}
