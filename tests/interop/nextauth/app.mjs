// An application on NextAuth 4 with its ZITADEL provider, by its handler for Node's requests: it keeps
// the tokens in NextAuth's encrypted cookie, renews them, and signs out of the provider as well. Its
// settings are JSON in APPLICATION: { url, issuer, client, method, scope, profileFrom }.
import { createServer } from "node:http";
import * as jose from "jose";
import nextAuth from "next-auth";
import { getToken } from "next-auth/jwt";
import zitadelProvider from "next-auth/providers/zitadel";

const { url, issuer, client, method, scope, profileFrom } = JSON.parse(process.env.APPLICATION);
const secret = process.env.AUTH_SECRET;
const server = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();

const zitadel = zitadelProvider.default({
  issuer,
  clientId: client.id,
  clientSecret: client.secret ?? "",
  client: { token_endpoint_auth_method: method, ...(client.key && { token_endpoint_auth_signing_alg: client.key.alg }) },
  ...(client.key && { jwks: { keys: [await privateJwk(client.key)] } }),
  checks: ["pkce", "state", "nonce"],
  authorization: { params: { scope } },
  // Without it NextAuth takes the profile from the ID token. (`idToken: false` is for providers without.)
  ...(profileFrom === "userinfo" && {
    userinfo: { request: ({ client, tokens }) => client.userinfo(tokens.access_token) },
  }),
});

async function privateJwk({ pem, alg, kid }) {
  const key = await jose.importPKCS8(pem, alg, { extractable: true });
  return { ...(await jose.exportJWK(key)), alg, kid };
}

/** The token endpoint's answer to a refresh token. NextAuth leaves this to the application. */
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

const options = {
  secret,
  providers: [zitadel],
  callbacks: {
    async jwt({ token, account, trigger }) {
      if (account) {
        const { access_token, refresh_token, id_token } = account;
        return { ...token, access_token, refresh_token, id_token };
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

const tokensOf = (request) => getToken({ req: request, secret });

/** What Next.js adds to the requests and answers of Node, as far as NextAuth's handler asks for it. */
async function dress(request, response, { pathname, searchParams }) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const text = Buffer.concat(pieces).toString();
  const isJson = request.headers["content-type"]?.startsWith("application/json");
  request.body = isJson ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
  request.query = { ...Object.fromEntries(searchParams), nextauth: pathname.split("/").slice(3) };
  const pairs = (request.headers.cookie ?? "").split(/; */).filter(Boolean).map((pair) => pair.split("="));
  request.cookies = Object.fromEntries(pairs.map(([name, ...value]) => [name, decodeURIComponent(value.join("="))]));
  response.status = (status) => Object.assign(response, { statusCode: status });
  response.json = (value) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
  response.send = (value) => (typeof value === "object" ? response.json(value) : response.end(value));
}

async function me(request, response) {
  const { access_token } = (await tokensOf(request)) ?? {};
  if (!access_token) return response.status(401).end();
  const info = await fetch(server.userinfo_endpoint, { headers: { authorization: `Bearer ${access_token}` } });
  response.status(info.status).end(await info.text());
}

/** Signing out of the provider: the browser then comes back to the application. */
async function leave(request, response) {
  const { id_token } = (await tokensOf(request)) ?? {};
  if (!id_token) return response.status(401).end();
  const leaving = new URL(server.end_session_endpoint);
  leaving.search = new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri: `${url}/left` });
  response.writeHead(302, { location: leaving.href }).end();
}

createServer(async (request, response) => {
  const address = new URL(request.url, url);
  await dress(request, response, address);
  if (address.pathname === "/me") return me(request, response);
  if (address.pathname === "/leave") return leave(request, response);
  if (address.pathname.startsWith("/api/auth/")) return nextAuth.default(request, response, options);
  response.status(404).end();
}).listen(new URL(url).port, "127.0.0.1", () => console.log("ready"));
