// jose 6: verifying what the provider signed.
import assert from "node:assert/strict";
import * as jose from "jose";
import { tampered } from "../common.mjs";
import { asAccessToken, discover, keysOf, post, signedIn } from "./app.mjs";

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
