import type { NextAuthOptions } from "next-auth";
import ZitadelProvider from "next-auth/providers/zitadel";
import { config } from "./config";
import { mergeGuest } from "./merge";

/** Made for each request, so that a build needs no environment. */
export function authOptions(): NextAuthOptions {
  return {
    secret: config.sessionSecret,
    providers: [
      ZitadelProvider({
        issuer: config.issuer,
        clientId: config.clientId,
        clientSecret: config.clientSecret ?? "",
        authorization: {
          params: { scope: `openid profile email urn:zitadel:iam:org:id:${config.organization}` },
        },
        // The form, as for the exchange; a public client only names itself, and has PKCE.
        client: {
          token_endpoint_auth_method: config.clientSecret ? "client_secret_post" : "none",
        },
      }),
    ],
    callbacks: {
      async jwt({ token, account }) {
        // There is an account only when somebody has just signed in.
        if (account) {
          token.idToken = account.id_token;
          await mergeGuest(account.providerAccountId);
        }
        return token;
      },
      session({ session, token }) {
        return { ...session, user: { ...session.user, id: token.sub } };
      },
    },
  };
}
