// jose 6, in an application that has nothing else but fetch: each exported function is one feature.
import assert from "node:assert/strict";
import { createHash, createPrivateKey, randomBytes, randomUUID } from "node:crypto";
import * as jose from "jose";
import { tampered } from "./common.mjs";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const sha256 = (text) => createHash("sha256").update(text).digest();

const discover = async ({ issuer }) => (await fetch(`${issuer}/.well-known/openid-configuration`)).json();

async function post(url, fields, headers) {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers });
  const body = response.headers.get("content-type").includes("json") ? await response.json() : await response.text();
  return { status: response.status, body, nonce: response.headers.get("dpop-nonce") };
}

/** The token request of a person's sign-in, not sent yet. */
async function granted(world, server, id) {
  const verifier = randomBytes(32).toString("base64url");
  const leaving = new URL(server.authorization_endpoint);
  leaving.search = new URLSearchParams({
    client_id: id,
    response_type: "code",
    redirect_uri: world.redirectUri,
    scope: "openid profile",
    nonce: "n",
    code_challenge: sha256(verifier).toString("base64url"),
    code_challenge_method: "S256",
  });
  const code = (await world.person.visit(leaving)).searchParams.get("code");
  return { grant_type: "authorization_code", code, redirect_uri: world.redirectUri, code_verifier: verifier };
}

async function signedIn(world, server, { id, secret }) {
  const form = await granted(world, server, id);
  const { status, body } = await post(server.token_endpoint, { ...form, client_id: id, client_secret: secret });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const keysOf = ({ jwks_uri }, options) => jose.createRemoteJWKSet(new URL(jwks_uri), options);
const asAccessToken = ({ issuer }, { id }) => ({ issuer, audience: id, typ: "at+jwt", algorithms: ["ES256"] });

export async function idTokens(world) {
  const server = await discover(world);
  for (const alg of ["RS256", "PS256", "ES256", "EdDSA"]) {
    const registered = await fetch(server.registration_endpoint, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ redirect_uris: [world.redirectUri], id_token_signed_response_alg: alg }),
    });
    const { client_id: id, client_secret: secret } = await registered.json();
    const tokens = await signedIn(world, server, { id, secret });
    const { payload } = await jose.jwtVerify(tokens.id_token, keysOf(server), {
      issuer: world.issuer,
      audience: id,
      algorithms: [alg],
      requiredClaims: ["nonce", "sid", "auth_time"],
    });
    assert.deepEqual([payload.sub, payload.nonce], [world.sub, "n"]);
  }
}

export async function accessTokens(world) {
  const server = await discover(world);
  const { access_token, id_token } = await signedIn(world, server, world.clients.web);
  const expected = asAccessToken(world, world.clients.web);
  const { payload } = await jose.jwtVerify(access_token, keysOf(server), expected);
  assert.deepEqual([payload.sub, payload.client_id], [world.sub, world.clients.web.id]);
  // RFC 9068 section 4: an ID token is none, whatever signed it.
  await assert.rejects(jose.jwtVerify(id_token, keysOf(server), { ...expected, algorithms: undefined }), {
    claim: "typ",
  });
}

export async function forgedTokens(world) {
  const server = await discover(world);
  const { access_token } = await signedIn(world, server, world.clients.web);
  const expected = asAccessToken(world, world.clients.web);
  const header = jose.decodeProtectedHeader(access_token);
  const claims = jose.decodeJwt(access_token);
  const { privateKey } = await jose.generateKeyPair("ES256");
  const sign = (changes) => new jose.SignJWT(claims).setProtectedHeader({ ...header, ...changes }).sign(privateKey);
  const forgeries = {
    ERR_JWS_SIGNATURE_VERIFICATION_FAILED: [tampered(access_token), await sign({})],
    ERR_JWKS_NO_MATCHING_KEY: [await sign({ kid: "unknown" })],
  };
  for (const [code, tokens] of Object.entries(forgeries)) {
    for (const token of tokens) {
      await assert.rejects(jose.jwtVerify(token, keysOf(server), expected), { code });
      const answer = await fetch(server.userinfo_endpoint, { headers: { authorization: `Bearer ${token}` } });
      assert.equal(answer.status, 401);
    }
  }
}

export async function keyRotation(world) {
  const server = await discover(world);
  const keys = keysOf(server, { cooldownDuration: 0 });
  const expected = asAccessToken(world, world.clients.web);
  const before = await signedIn(world, server, world.clients.web);
  const old = await jose.jwtVerify(before.access_token, keys, expected);
  await world.person.rotate();
  const after = await signedIn(world, server, world.clients.web);
  const fresh = await jose.jwtVerify(after.access_token, keys, expected);
  assert.notEqual(fresh.protectedHeader.kid, old.protectedHeader.kid);
  await keys.reload();
  await jose.jwtVerify(before.access_token, keys, expected);
}

export async function signedAnswers(world) {
  const server = await discover(world);
  const { id, secret } = world.clients.signed;
  const { access_token } = await signedIn(world, server, { id, secret });
  const expected = { issuer: world.issuer, audience: id, algorithms: ["ES256"] };
  const userinfo = await fetch(server.userinfo_endpoint, { headers: { authorization: `Bearer ${access_token}` } });
  assert.equal((await jose.jwtVerify(await userinfo.text(), keysOf(server), expected)).payload.sub, world.sub);
  const form = { token: access_token, client_id: id, client_secret: secret };
  const typ = "token-introspection+jwt";
  const { body } = await post(server.introspection_endpoint, form, { accept: `application/${typ}` });
  const { payload } = await jose.jwtVerify(body, keysOf(server), { ...expected, typ });
  assert.deepEqual([payload.token_introspection.active, payload.token_introspection.sub], [true, world.sub]);
}

export async function clientAssertions(world) {
  const server = await discover(world);
  const { id, key } = world.clients.keyed;
  const own = await jose.importPKCS8(key.pem, key.alg);
  const stranger = (await jose.generateKeyPair("ES256")).privateKey;
  const assertion = ({ audience = world.issuer, expires = "1 minute", signer = own }) =>
    new jose.SignJWT()
      .setProtectedHeader({ alg: key.alg, kid: key.kid })
      .setIssuer(id)
      .setSubject(id)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(expires)
      .setJti(randomUUID())
      .sign(signer);
  const send = (client_assertion) =>
    post(server.token_endpoint, {
      grant_type: "client_credentials",
      client_assertion_type: ASSERTION_TYPE,
      client_assertion,
    });
  const good = await assertion({});
  const { access_token } = (await send(good)).body;
  await jose.jwtVerify(access_token, keysOf(server), asAccessToken(world, { id }));
  const bad = [{ audience: "https://elsewhere.example" }, { expires: "1 minute ago" }, { signer: stranger }];
  for (const wrong of [good, tampered(good), ...(await Promise.all(bad.map(assertion)))]) {
    const { status, body } = await send(wrong);
    assert.deepEqual([status, body.error], [401, "invalid_client"]);
  }
}

export async function proofsOfPossession(world) {
  const server = await discover(world);
  const { id, secret } = world.clients.web;
  const { privateKey, publicKey } = await jose.generateKeyPair("ES256");
  const jwk = await jose.exportJWK(publicKey);
  const proof = (claims, header) =>
    new jose.SignJWT({ htm: "POST", htu: server.token_endpoint, ...claims })
      .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk, ...header })
      .setIssuedAt()
      .setJti(randomUUID())
      .sign(privateKey);
  const form = { ...(await granted(world, server, id)), client_id: id, client_secret: secret };
  const send = (dpop) => post(server.token_endpoint, form, { dpop });
  const { body, nonce } = await send(await proof({}));
  assert.equal(body.error, "use_dpop_nonce");
  const bad = [{ nonce, htm: "GET" }, { nonce, htu: world.issuer }];
  for (const wrong of bad) assert.equal((await send(await proof(wrong))).body.error, "invalid_dpop_proof");
  const untyped = await proof({ nonce }, { typ: "JWT" });
  assert.equal((await send(untyped)).body.error, "invalid_dpop_proof");
  const good = await proof({ nonce });
  const tokens = (await send(good)).body;
  assert.equal(tokens.token_type, "DPoP");
  assert.equal(jose.decodeJwt(tokens.access_token).cnf.jkt, await jose.calculateJwkThumbprint(jwk));
  assert.equal((await send(good)).body.error, "invalid_dpop_proof");
}

/** ZITADEL's JWT profile: a service account with its key file. */
export async function serviceAccount(world) {
  const server = await discover(world);
  const { keyId, userId, key } = world.service.key;
  const assertion = (subject) =>
    new jose.SignJWT()
      .setProtectedHeader({ alg: "RS256", kid: keyId })
      .setIssuer(userId)
      .setSubject(subject)
      .setAudience(world.issuer)
      .setIssuedAt()
      .setExpirationTime("1 minute")
      .sign(createPrivateKey(key));
  const send = async (subject) =>
    post(server.token_endpoint, { grant_type: JWT_BEARER, scope: "openid", assertion: await assertion(subject) });
  const { access_token } = (await send(userId)).body;
  const info = await fetch(server.userinfo_endpoint, { headers: { authorization: `Bearer ${access_token}` } });
  assert.equal((await info.json()).sub, userId);
  assert.equal((await send(world.sub)).body.error, "invalid_grant");
}
