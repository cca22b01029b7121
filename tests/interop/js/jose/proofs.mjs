// jose 6: signing what the provider verifies.
import assert from "node:assert/strict";
import { createPrivateKey, randomUUID } from "node:crypto";
import * as jose from "jose";
import { tampered } from "../common.mjs";
import { asAccessToken, discover, granted, keysOf, post } from "./app.mjs";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

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
