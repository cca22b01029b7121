import type { DefaultSession } from "next-auth";

declare module "next-auth" {
  interface Session {
    /** `id` is the `sub`. */
    user?: DefaultSession["user"] & { id?: string };
  }
}

declare module "next-auth/jwt" {
  interface JWT {
    /** Names the session when it is ended at the issuer. */
    idToken?: string;
  }
}
