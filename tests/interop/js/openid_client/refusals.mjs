// openid-client 6: what must not work.
import assert from "node:assert/strict";
import * as client from "openid-client";
import { SIGNED, refused, tampered } from "../common.mjs";
import { authorize, configure, signedIn, userinfo, web } from "./app.mjs";

export async function wrongSecret(world) {
  for (const method of [client.ClientSecretPost, client.ClientSecretBasic]) {
    const config = await web(world, method("wrong"));
    const { back, checks } = await authorize(world, config);
    await refused(client.authorizationCodeGrant(config, back, checks), "invalid_client");
    await refused(client.tokenIntrospection(config, "token"), "invalid_client");
    await refused(client.tokenRevocation(config, "token"), "invalid_client");
  }
}

export async function replayedCode(world) {
  const config = await web(world);
  const { back, checks } = await authorize(world, config);
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  await refused(client.authorizationCodeGrant(config, back, checks), "invalid_grant");
  await refused(userinfo(config, tokens), "invalid_token");
}

export async function wrongVerifier(world) {
  const config = await web(world);
  const { back, checks } = await authorize(world, config);
  checks.pkceCodeVerifier = client.randomPKCECodeVerifier();
  await refused(client.authorizationCodeGrant(config, back, checks), "invalid_grant");
}

export async function codeOfAnotherClient(world) {
  const { back, checks } = await authorize(world, await web(world));
  const other = await configure(world, world.clients.signed, undefined, SIGNED);
  await refused(client.authorizationCodeGrant(other, back, checks), "invalid_grant");
}

export async function tamperedToken(world) {
  const config = await web(world);
  const tokens = await signedIn(world, config);
  const forged = tampered(tokens.access_token);
  await refused(client.fetchUserInfo(config, forged, tokens.claims().sub), "invalid_token");
  assert.deepEqual(await client.tokenIntrospection(config, forged), { active: false });
  assert.ok(await userinfo(config, tokens));
}

export async function anotherState(world) {
  const config = await web(world);
  const { back, checks } = await authorize(world, config);
  const mixedUp = new URL(back);
  mixedUp.searchParams.set("iss", "https://evil.example");
  await assert.rejects(client.authorizationCodeGrant(config, mixedUp, checks));
  await assert.rejects(client.authorizationCodeGrant(config, back, { ...checks, expectedState: "another" }));
  await client.authorizationCodeGrant(config, back, checks);
}
