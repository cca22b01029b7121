import { errors, jwtVerify, type JWTPayload } from "jose";
import { cookies } from "next/headers";
import { config } from "./config";
import { issuer } from "./issuer";
import { createGuest, exchangeForGuest, isRefusal } from "./zitadel";

const cookieName = "guest_session";
const days = 24 * 60 * 60;

/** What makes a token none of ours. Keys that cannot be had are no verdict. */
const refusals = new Set([
  errors.JOSEAlgNotAllowed.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JWTClaimValidationFailed.code,
  errors.JWTInvalid.code,
]);

export interface Guest {
  sub: string;
  /** Who the cookie was made for is certain, but a backend would refuse its token by now. */
  expired: boolean;
}

/** The guest whose token this browser holds. A cookie that is none of ours is nobody. */
export async function findGuest(): Promise<Guest | undefined> {
  const token = (await cookies()).get(cookieName)?.value;
  if (!token) return undefined;
  const { keys } = await issuer();
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: config.issuer,
      audience: config.clientId,
      algorithms: ["ES256", "RS256"],
    });
    return guestOf(payload, false);
  } catch (error) {
    // The signature was verified before the time was looked at.
    if (error instanceof errors.JWTExpired) return guestOf(error.payload, true);
    if (error instanceof errors.JOSEError && refusals.has(error.code)) return undefined;
    throw error;
  }
}

/** The guest that is there, with a token that is good, or a new one. Where cookies may be set. */
export async function ensureGuest(): Promise<string> {
  const guest = await findGuest();
  if (guest && !guest.expired) return guest.sub;
  const renewed = guest && (await renew(guest.sub));
  const sub = renewed ? guest.sub : await createGuest();
  (await cookies()).set(cookieName, renewed ?? (await exchangeForGuest(sub)), {
    httpOnly: true,
    sameSite: "lax",
    secure: config.origin.startsWith("https:"),
    path: "/",
    maxAge: 30 * days,
  });
  return sub;
}

/** Where cookies may be set. */
export async function forgetGuest(): Promise<void> {
  (await cookies()).delete(cookieName);
}

/** Undefined if that guest is none any more: purged, or registered in another window. */
async function renew(sub: string): Promise<string | undefined> {
  try {
    return await exchangeForGuest(sub);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

function guestOf(claims: JWTPayload, expired: boolean): Guest | undefined {
  return claims.sub ? { sub: claims.sub, expired } : undefined;
}
