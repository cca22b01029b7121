// oauth4webapi: each exported function is one feature.
import assert from "node:assert/strict";
import * as jose from "jose";
import * as oauth from "oauth4webapi";
import { ACCESS_TOKEN, EXCHANGE, JWT, USER_ID, actedBy, claimsOf, exchangeOf, refused, tampered } from "./common.mjs";

const SCOPE = "openid profile email offline_access";
const SIGNED = {
  id_token_signed_response_alg: "ES256",
  userinfo_signed_response_alg: "ES256",
  introspection_signed_response_alg: "ES256",
  authorization_signed_response_alg: "ES256",
};

/** The answer of a request, which is made once more if a proof of possession lacked a nonce. */
async function answered(request, process) {
  try {
    return await process(await request());
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return process(await request());
  }
}

/** What an application holds: the server's metadata, its own, and how it authenticates. */
class App {
  static async discover(world, { id, secret }, { auth, algorithm = "oidc", ...metadata } = {}) {
    const issuer = new URL(world.issuer);
    const app = new App();
    const response = await oauth.discoveryRequest(issuer, { algorithm });
    app.as = await oauth.processDiscoveryResponse(issuer, response);
    app.client = { client_id: id, ...metadata };
    app.auth = auth ?? oauth.ClientSecretPost(secret);
    app.world = world;
    return app;
  }

  /** What every request begins with. */
  get me() {
    return [this.as, this.client, this.auth];
  }

  async dpop() {
    return { DPoP: oauth.DPoP(this.client, await oauth.generateKeyPair("ES256")) };
  }

  /** Authorization request and sign-in: all that a grant needs. `send` makes the address that the person opens. */
  async authorize({ send, receive, ...changes } = {}) {
    const verifier = oauth.generateRandomCodeVerifier();
    const request = {
      client_id: this.client.client_id,
      redirect_uri: this.world.redirectUri,
      response_type: "code",
      scope: SCOPE,
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...changes,
    };
    const came = await this.world.person.visit(await (send ?? this.address).call(this, request));
    const parameters = came instanceof Request ? new URLSearchParams(await came.text()) : came;
    const checked = await (receive ?? oauth.validateAuthResponse)(this.as, this.client, parameters, request.state);
    return { parameters: checked, verifier, nonce: request.nonce };
  }

  address(request) {
    const url = new URL(this.as.authorization_endpoint);
    url.search = new URLSearchParams(request);
    return url;
  }

  /** The address of a request that was pushed. */
  async push(request, options) {
    const { request_uri } = await answered(
      () => oauth.pushedAuthorizationRequest(...this.me, request, options),
      (response) => oauth.processPushedAuthorizationResponse(this.as, this.client, response),
    );
    return this.address({ client_id: this.client.client_id, request_uri });
  }

  redeem({ parameters, verifier, nonce }, options) {
    return answered(
      () => oauth.authorizationCodeGrantRequest(...this.me, parameters, this.world.redirectUri, verifier, options),
      async (response) => {
        const tokens = await oauth.processAuthorizationCodeResponse(this.as, this.client, response, {
          expectedNonce: nonce,
          requireIdToken: true,
        });
        await oauth.validateApplicationLevelSignature(this.as, response);
        return tokens;
      },
    );
  }

  async signIn(request, options) {
    const tokens = await this.redeem(await this.authorize(request), options);
    assert.equal(oauth.getValidatedIdTokenClaims(tokens).sub, this.world.sub);
    return tokens;
  }

  refresh({ refresh_token }, options) {
    return answered(
      () => oauth.refreshTokenGrantRequest(...this.me, refresh_token, options),
      (response) => oauth.processRefreshTokenResponse(this.as, this.client, response),
    );
  }

  userinfo({ access_token }, options, sub = this.world.sub) {
    return answered(
      () => oauth.userInfoRequest(this.as, this.client, access_token, options),
      async (response) => {
        const claims = await oauth.processUserInfoResponse(this.as, this.client, sub, response);
        if (this.client.userinfo_signed_response_alg) await oauth.validateApplicationLevelSignature(this.as, response);
        return claims;
      },
    );
  }

  async introspect(token) {
    const response = await oauth.introspectionRequest(...this.me, token);
    const told = await oauth.processIntrospectionResponse(this.as, this.client, response);
    if (this.client.introspection_signed_response_alg) await oauth.validateApplicationLevelSignature(this.as, response);
    return told;
  }

  async revoke(token) {
    return oauth.processRevocationResponse(await oauth.revocationRequest(...this.me, token));
  }

  async exchange(...of) {
    const response = await oauth.genericTokenEndpointRequest(...this.me, EXCHANGE, exchangeOf(...of));
    return oauth.processGenericTokenEndpointResponse(this.as, this.client, response);
  }

  async clientCredentials(parameters = {}, options = {}) {
    const response = await oauth.clientCredentialsGrantRequest(...this.me, parameters, options);
    return oauth.processClientCredentialsResponse(this.as, this.client, response);
  }

  /** What an API that uses the library as well makes of the token: its claims. */
  async called(access_token, audience, options) {
    let claims;
    await oauth.protectedResourceRequest(access_token, "GET", new URL(this.world.api), undefined, undefined, {
      ...options,
      [oauth.customFetch]: async (url, request) => {
        claims = await oauth.validateJwtAccessToken(this.as, new Request(url, request), audience);
        return new Response();
      },
    });
    return claims;
  }
}

const web = (world, more) => App.discover(world, world.clients.web, more);
const publicApp = (world) => App.discover(world, world.clients.public, { auth: oauth.None() });

async function keyed(world, { id, key }, metadata) {
  const pair = { key: await jose.importPKCS8(key.pem, key.alg), kid: key.kid };
  return [await App.discover(world, { id }, { auth: oauth.PrivateKeyJwt(pair), ...metadata }), pair];
}

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

export async function formPost(world) {
  await (await web(world)).signIn({ response_mode: "form_post" });
}

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
  const request = await oauth.issueRequestObject(app.as, app.client, { redirect_uri: world.redirectUri }, key);
  await refused(app.push({ client_id: app.client.client_id, request: tampered(request) }, options), "invalid_request_object");
}

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
