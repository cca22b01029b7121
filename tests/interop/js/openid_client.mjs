// openid-client 6: each exported function is one feature.
import assert from "node:assert/strict";
import * as jose from "jose";
import * as client from "openid-client";
import { ACCESS_TOKEN, EXCHANGE, JWT, USER_ID, actedBy, claimsOf, exchangeOf, refused, tampered } from "./common.mjs";

const SCOPE = "openid profile email offline_access";
const DEVICE = { scope: "openid profile" };
const SIGNED = {
  id_token_signed_response_alg: "ES256",
  userinfo_signed_response_alg: "ES256",
  introspection_signed_response_alg: "ES256",
  authorization_signed_response_alg: "ES256",
};

/** The library's configuration for one of the world's clients. */
const configure = ({ issuer }, { id, secret }, authentication, metadata) =>
  client.discovery(new URL(issuer), id, { client_secret: secret, ...metadata }, authentication);

const web = (world, ...more) => configure(world, world.clients.web, ...more);

async function keyed(world, { id, key }, metadata) {
  const pair = { key: await jose.importPKCS8(key.pem, key.alg), kid: key.kid };
  return [await configure(world, { id }, client.PrivateKeyJwt(pair), metadata), pair];
}

async function dpopOf(config) {
  return { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256")) };
}

/** Authorization request, sign-in, code: all that a grant needs. `send` makes the address that the person opens. */
async function authorize(world, config, { send = client.buildAuthorizationUrl, options, ...changes } = {}) {
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

async function signedIn(world, config, request = {}) {
  const { back, checks } = await authorize(world, config, request);
  const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, request.options);
  assert.equal(tokens.claims().sub, world.sub);
  return tokens;
}

const userinfo = (config, tokens, options) =>
  client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, options);

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

export async function formPost(world) {
  await signedIn(world, await web(world), { response_mode: "form_post" });
}

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
