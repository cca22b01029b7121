// oauth4webapi: what an application of it holds.
import assert from "node:assert/strict";
import * as jose from "jose";
import * as oauth from "oauth4webapi";
import { EXCHANGE, SCOPE, exchangeOf } from "../common.mjs";

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
export class App {
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

/** The confidential one. */
export const web = (world, more) => App.discover(world, world.clients.web, more);
/** The public one. */
export const publicApp = (world) => App.discover(world, world.clients.public, { auth: oauth.None() });

/** One that authenticates with a key, and the key. */
export async function keyed(world, { id, key }, metadata) {
  const pair = { key: await jose.importPKCS8(key.pem, key.alg), kid: key.kid };
  return [await App.discover(world, { id }, { auth: oauth.PrivateKeyJwt(pair), ...metadata }), pair];
}
