import { createHmac } from "node:crypto";

/** What the environment says. Read when it is needed, so that a build needs none of it. */
export const config = {
  get issuer() {
    return required("ZITADEL_ISSUER");
  },
  get clientId() {
    return required("ZITADEL_CLIENT_ID");
  },
  /** Absent for a public client. */
  get clientSecret() {
    return process.env.ZITADEL_CLIENT_SECRET || undefined;
  },
  /** The personal access token of the service account. Only the issuer is ever shown it. */
  get serviceToken() {
    return required("ZITADEL_MACHINE_USER_PAT");
  },
  get organization() {
    return required("ZITADEL_ORG_ID");
  },
  /** Where the shop is, as NextAuth has it. */
  get origin() {
    return new URL(process.env.NEXTAUTH_URL || "http://localhost:3000").origin;
  },
  /** NextAuth encrypts its session cookie with it. */
  get sessionSecret() {
    return (
      process.env.NEXTAUTH_SECRET ||
      createHmac("sha256", this.serviceToken).update("session cookie").digest("base64url")
    );
  },
};

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
