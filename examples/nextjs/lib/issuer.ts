import { createRemoteJWKSet, type JWTVerifyGetKey } from "jose";
import { config } from "./config";

interface Issuer {
  endSessionEndpoint: string;
  keys: JWTVerifyGetKey;
}

let known: Promise<Issuer> | undefined;

/** What the issuer says of itself (OpenID Connect Discovery). Asked once, again after a failure. */
export function issuer(): Promise<Issuer> {
  known ??= discover().catch((error: unknown) => {
    known = undefined;
    throw error;
  });
  return known;
}

async function discover(): Promise<Issuer> {
  const answer = await fetch(`${config.issuer}/.well-known/openid-configuration`, {
    cache: "no-store",
  });
  if (!answer.ok) throw new Error(`discovery: ${answer.status}`);
  const document = (await answer.json()) as {
    issuer: string;
    jwks_uri: string;
    end_session_endpoint: string;
  };
  if (document.issuer !== config.issuer) throw new Error("discovery: it is another issuer's");
  return {
    endSessionEndpoint: document.end_session_endpoint,
    keys: createRemoteJWKSet(new URL(document.jwks_uri)),
  };
}
