// An application on Auth.js 5 (@auth/express) with its ZITADEL provider: it keeps the tokens in
// Auth.js's encrypted cookie, renews them, and signs out of the provider as well. Its settings are
// JSON in APPLICATION: { url, issuer, client, method, scope, profileFrom }.
import { getToken } from "@auth/core/jwt";
import { ExpressAuth, getSession } from "@auth/express";
import Zitadel from "@auth/express/providers/zitadel";
import express from "express";
import * as jose from "jose";

const { url, issuer, client, method, scope, profileFrom } = JSON.parse(process.env.APPLICATION);
const secret = process.env.AUTH_SECRET;
const server = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();

const options = Zitadel({
  issuer,
  clientId: client.id,
  clientSecret: client.secret,
  client: { token_endpoint_auth_method: method },
  checks: ["pkce", "state", "nonce"],
  authorization: { params: { scope } },
  // Without it Auth.js takes the profile from the ID token.
  ...(profileFrom === "userinfo" && { idToken: false }),
});

/** Auth.js copies a provider's options member by member, which no CryptoKey survives; it takes what
 * stands beside the options as it is. */
const zitadel = client.key ? { ...options, token: { clientPrivateKey: await privateKey(client.key) } } : options;

async function privateKey({ pem, alg, kid }) {
  return { key: await jose.importPKCS8(pem, alg), kid };
}

/** The token endpoint's answer to a refresh token. Auth.js leaves this to the application. */
async function renewed(refresh_token) {
  const form = { grant_type: "refresh_token", refresh_token, client_id: client.id };
  const response = await fetch(server.token_endpoint, {
    method: "POST",
    body: new URLSearchParams({ ...form, ...(client.secret && { client_secret: client.secret }) }),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}

const config = {
  secret,
  trustHost: true,
  providers: [zitadel],
  session: { strategy: "jwt" },
  callbacks: {
    async jwt({ token, account, profile, trigger }) {
      if (account) {
        const { access_token, refresh_token, id_token } = account;
        return { ...token, sub: profile.sub, access_token, refresh_token, id_token };
      }
      if (trigger !== "update") return token;
      try {
        const { access_token, refresh_token } = await renewed(token.refresh_token);
        return { ...token, access_token, refresh_token };
      } catch ({ message }) {
        return { ...token, problem: message };
      }
    },
    session: ({ session, token }) => ({ ...session, sub: token.sub, problem: token.problem }),
  },
};

const app = express();
// @auth/express finds its base path by the first unnamed parameter, which in Express 5 takes a pattern.
app.use(/^\/auth\/(.*)/, ExpressAuth(config));

const SESSION = "authjs.session-token";
const tokensOf = ({ headers }) =>
  getToken({ req: { headers: new Headers(headers) }, secret, salt: SESSION, cookieName: SESSION });

app.get("/me", async (request, response) => {
  const { access_token } = (await tokensOf(request)) ?? {};
  if (!access_token || !(await getSession(request, config))) return response.sendStatus(401);
  const info = await fetch(server.userinfo_endpoint, { headers: { authorization: `Bearer ${access_token}` } });
  response.status(info.status).send(await info.text());
});

/** Signing out of the provider: the browser then comes back to the application. */
app.get("/leave", async (request, response) => {
  const { id_token } = (await tokensOf(request)) ?? {};
  if (!id_token) return response.sendStatus(401);
  const leaving = new URL(server.end_session_endpoint);
  leaving.search = new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri: `${url}/left` });
  response.redirect(leaving.href);
});

app.listen(new URL(url).port, "127.0.0.1", () => console.log("ready"));
