// oauth4webapi: what must not work.
import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { refused, tampered } from "../common.mjs";
import { web } from "./app.mjs";

export async function wrongSecret(world) {
  for (const method of [oauth.ClientSecretPost, oauth.ClientSecretBasic]) {
    const app = await web(world, { auth: method("wrong") });
    await refused(app.redeem(await app.authorize()), "invalid_client");
    await refused(app.introspect("token"), "invalid_client");
    await refused(app.revoke("token"), "invalid_client");
    await refused(app.push({ redirect_uri: world.redirectUri }), "invalid_client");
  }
}

export async function replayedCode(world) {
  const app = await web(world);
  const granted = await app.authorize();
  const tokens = await app.redeem(granted);
  await refused(app.redeem(granted), "invalid_grant");
  await refused(app.userinfo(tokens), "invalid_token");
  await refused(app.refresh(tokens), "invalid_grant");
}

export async function wrongVerifier(world) {
  const app = await web(world);
  const granted = await app.authorize();
  await refused(app.redeem({ ...granted, verifier: oauth.generateRandomCodeVerifier() }), "invalid_grant");
}

export async function tamperedToken(world) {
  const app = await web(world);
  const tokens = await app.signIn();
  const access_token = tampered(tokens.access_token);
  await refused(app.userinfo({ access_token }), "invalid_token");
  assert.deepEqual(await app.introspect(access_token), { active: false });
  await app.userinfo(tokens);
}
