"use client";

import { signIn } from "next-auth/react";

/**
 * Sign-in to an account that is there already. The issuer is told to ask again who it is, so that
 * nobody's cart goes to whoever used this computer before.
 */
export function SignIn() {
  return (
    <button
      data-testid="sign-in"
      onClick={() => void signIn("zitadel", { callbackUrl: "/" }, { prompt: "login" })}
    >
      Sign in
    </button>
  );
}
