// oauth4webapi: signing in, and all that follows.
import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { refused, tampered } from "../common.mjs";
import { publicApp, web } from "./app.mjs";

export async function signIn(world) {
  const app = await web(world);
  const tokens = await app.signIn();
  const person = await app.userinfo(tokens);
  assert.equal(person.preferred_username, "ada");
  assert.equal(person.email_verified, true);
}

export async function signInWithBasic(world) {
  const app = await web(world, { auth: oauth.ClientSecretBasic(world.clients.web.secret), algorithm: "oauth2" });
  await app.signIn();
}

export async function publicSignIn(world) {
  const app = await publicApp(world);
  await app.userinfo(await app.signIn());
}

export async function registration(world) {
  const app = await web(world);
  const register = async (metadata) =>
    oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(app.as, metadata));
  const metadata = { redirect_uris: [world.redirectUri], grant_types: ["authorization_code", "refresh_token"] };
  app.client = await register(metadata);
  app.auth = oauth.ClientSecretBasic(app.client.client_secret);
  await app.refresh(await app.signIn());
  await refused(register({ ...metadata, grant_types: ["password"] }), "invalid_client_metadata");
  await refused(register({ ...metadata, redirect_uris: ["javascript:alert(1)"] }), "invalid_redirect_uri");
}

export async function formPost(world) {
  await (await web(world)).signIn({ response_mode: "form_post" });
}

export async function refresh(world) {
  const app = await web(world);
  const first = await app.signIn();
  const second = await app.refresh(first);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(oauth.getValidatedIdTokenClaims(second).sub, world.sub);
  await app.userinfo(second);
  const narrower = await app.refresh(second, { additionalParameters: { scope: "openid" } });
  assert.equal(narrower.scope, "openid");
  await refused(app.refresh(narrower, { additionalParameters: { scope: "openid phone" } }), "invalid_scope");
  await refused(app.refresh({ refresh_token: "unknown" }), "invalid_grant");
}

export async function apiAccess(world) {
  const app = await web(world);
  const { access_token } = await app.signIn({ resource: world.api });
  const claims = await app.called(access_token, world.api);
  assert.equal(claims.client_id, app.client.client_id);
  await assert.rejects(app.called(access_token, "https://other.example"), { code: oauth.JWT_CLAIM_COMPARISON });
  await assert.rejects(app.called(tampered(access_token), world.api));
}

export async function introspectAndRevoke(world) {
  const app = await web(world);
  const tokens = await app.signIn();
  assert.equal((await app.introspect(tokens.access_token)).sub, world.sub);
  await app.revoke(tokens.access_token);
  assert.deepEqual(await app.introspect(tokens.access_token), { active: false });
  await refused(app.userinfo(tokens), "invalid_token");
  await app.revoke(tokens.refresh_token);
  await refused(app.refresh(tokens), "invalid_grant");
  await app.revoke("unknown");
}

export async function signOut(world) {
  const app = await web(world);
  const tokens = await app.signIn();
  const leaving = new URL(app.as.end_session_endpoint);
  leaving.search = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: world.afterSignOut,
    state: "so long",
  });
  const back = await world.person.visit(leaving);
  assert.equal(back.href, `${world.afterSignOut}?state=so%20long`);
  await refused(app.userinfo(tokens), "invalid_token");
  await refused(app.refresh(tokens), "invalid_grant");
  await refused(app.signIn({ prompt: "none" }), "login_required");
}
