import { NextResponse, type NextRequest } from "next/server";
import { getToken } from "next-auth/jwt";
import { config } from "@/lib/config";
import { issuer } from "@/lib/issuer";

/** Ends the session here and at the issuer (OpenID Connect RP-Initiated Logout). */
export async function POST(request: NextRequest): Promise<NextResponse> {
  const token = await getToken({ req: request, secret: config.sessionSecret });
  const leave = new URL((await issuer()).endSessionEndpoint);
  leave.searchParams.set("client_id", config.clientId);
  leave.searchParams.set("post_logout_redirect_uri", `${config.origin}/`);
  if (token?.idToken) leave.searchParams.set("id_token_hint", token.idToken);
  const answer = NextResponse.redirect(leave, 303);
  // A long session is kept in several cookies.
  for (const { name } of request.cookies.getAll()) {
    if (name.includes("next-auth.session-token")) answer.cookies.delete(name);
  }
  return answer;
}
