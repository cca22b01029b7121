// openid-client 6: signing in, and all that follows.
import assert from "node:assert/strict";
import * as client from "openid-client";
import { refused } from "../common.mjs";
import { configure, signedIn, userinfo, web } from "./app.mjs";

export async function signIn(world) {
  const config = await web(world);
  client.enableNonRepudiationChecks(config);
  const tokens = await signedIn(world, config, { max_age: "300" });
  assert.equal(tokens.token_type, "bearer");
  assert.ok(tokens.claims().auth_time && tokens.claims().sid);
  const person = await userinfo(config, tokens);
  assert.equal(person.preferred_username, "ada");
  assert.equal(person.email_verified, true);
}

export async function signInWithBasic(world) {
  await signedIn(world, await web(world, client.ClientSecretBasic()));
}

export async function publicSignIn(world) {
  const config = await configure(world, world.clients.public, client.None());
  await userinfo(config, await signedIn(world, config));
}

export async function registration(world) {
  const metadata = {
    client_name: "openid-client",
    redirect_uris: [world.redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "client_secret_post",
  };
  const config = await client.dynamicClientRegistration(new URL(world.issuer), metadata);
  const tokens = await signedIn(world, config);
  await client.refreshTokenGrant(config, tokens.refresh_token);
  const wrong = { ...metadata, redirect_uris: ["http://app.example/cb"] };
  await refused(client.dynamicClientRegistration(new URL(world.issuer), wrong), "invalid_redirect_uri");
}

export async function formPost(world) {
  await signedIn(world, await web(world), { response_mode: "form_post" });
}

export async function refresh(world) {
  const config = await web(world);
  client.enableNonRepudiationChecks(config);
  const first = await signedIn(world, config);
  const second = await client.refreshTokenGrant(config, first.refresh_token, { scope: "openid" });
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(second.scope, "openid");
  assert.equal(second.claims().sub, first.claims().sub);
  const person = await client.fetchUserInfo(config, second.access_token, first.claims().sub);
  assert.equal(person.email, undefined);
  await refused(client.refreshTokenGrant(config, second.refresh_token, { scope: "openid phone" }), "invalid_scope");
}

export async function introspectAndRevoke(world) {
  const config = await web(world);
  const tokens = await signedIn(world, config);
  const told = await client.tokenIntrospection(config, tokens.access_token);
  assert.ok(told.active);
  assert.equal(told.sub, tokens.claims().sub);
  await client.tokenRevocation(config, tokens.refresh_token, { token_type_hint: "refresh_token" });
  await refused(client.refreshTokenGrant(config, tokens.refresh_token), "invalid_grant");
  assert.deepEqual(await client.tokenIntrospection(config, tokens.access_token), { active: false });
  await refused(userinfo(config, tokens), "invalid_token");
}

export async function signOut(world) {
  const config = await web(world);
  const tokens = await signedIn(world, config);
  const back = await world.person.visit(
    client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: world.afterSignOut,
      state: "so long",
    }),
  );
  assert.equal(back.origin + back.pathname, world.afterSignOut);
  assert.equal(back.searchParams.get("state"), "so long");
  await refused(userinfo(config, tokens), "invalid_token");
  await refused(client.refreshTokenGrant(config, tokens.refresh_token), "invalid_grant");
  await refused(signedIn(world, config, { prompt: "none" }), "login_required");
}
