// openid-client 6: grants without a page, or with one elsewhere.
import assert from "node:assert/strict";
import * as client from "openid-client";
import { ACCESS_TOKEN, EXCHANGE, JWT, USER_ID, actedBy, claimsOf, exchangeOf, refused, tampered } from "../common.mjs";
import { configure, signedIn, web } from "./app.mjs";

const DEVICE = { scope: "openid profile" };

export async function clientCredentials(world) {
  const config = await web(world);
  const tokens = await client.clientCredentialsGrant(config, { resource: world.api });
  assert.deepEqual(claimsOf(tokens.access_token).aud, [world.api]);
  await refused(client.clientCredentialsGrant(config, { resource: "https://not.ours.example" }), "invalid_target");
}

export async function exchangeOfTokens(world) {
  const config = await web(world);
  const tokens = await signedIn(world, config);
  const exchange = (...of) => client.genericGrantRequest(config, EXCHANGE, exchangeOf(...of));
  for (const type of [ACCESS_TOKEN, JWT]) {
    const narrower = await exchange(tokens.access_token, type, { resource: world.api });
    const claims = claimsOf(narrower.access_token);
    assert.deepEqual([claims.sub, claims.aud, claims.act], [tokens.claims().sub, [world.api], undefined]);
  }
  await refused(exchange(tampered(tokens.access_token), JWT), "invalid_request");
  await refused(exchange(tokens.access_token, JWT, { scope: "openid phone" }), "invalid_scope");
}

export async function exchangeOfUserIds(world) {
  const guest = await world.person.guest();
  const config = await web(world);
  const exchange = (...of) => client.genericGrantRequest(config, EXCHANGE, exchangeOf(...of));
  const acted = await exchange(guest, USER_ID, actedBy(world.service));
  assert.equal(claimsOf(acted.access_token).sub, guest);
  assert.equal(claimsOf(acted.access_token).act.sub, world.service.id);
  assert.equal((await client.fetchUserInfo(config, acted.access_token, guest)).sub, guest);
  await refused(exchange(guest, USER_ID), "invalid_request");
  await refused(exchange("1", USER_ID, actedBy(world.service)), "invalid_request");
}

export async function exchangeOfPublicClients(world) {
  const config = await configure(world, world.clients.public, client.None());
  const guest = await world.person.guest();
  const exchange = (...of) => client.genericGrantRequest(config, EXCHANGE, exchangeOf(...of));
  const acted = await exchange(guest, USER_ID, actedBy(world.service));
  assert.equal(claimsOf(acted.access_token).sub, guest);
  await refused(exchange(acted.access_token, JWT), "unauthorized_client");
}

export async function device(world) {
  const config = await web(world);
  const begun = await client.initiateDeviceAuthorization(config, DEVICE);
  await world.person.confirm(begun.user_code, "allow");
  const tokens = await client.pollDeviceAuthorizationGrant(config, begun);
  assert.equal(tokens.claims().sub, world.sub);
}

export async function deniedDevice(world) {
  const config = await web(world);
  const begun = await client.initiateDeviceAuthorization(config, DEVICE);
  await world.person.confirm(begun.user_code, "deny");
  await refused(client.pollDeviceAuthorizationGrant(config, begun), "access_denied");
}
