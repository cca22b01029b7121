"use client";

import { signIn } from "next-auth/react";
import { useActionState, useEffect } from "react";
import { register } from "@/app/actions";

/** The shop's own form: the guest becomes an account, and then signs in as one. */
export function Register() {
  const [state, action, pending] = useActionState(register, {});
  const { email, error, typed } = state;

  useEffect(() => {
    if (email) void signIn("zitadel", { callbackUrl: "/checkout" }, { login_hint: email });
  }, [email]);

  return (
    <form action={action} data-testid="register-form">
      <label>
        Given name
        <input
          name="given_name"
          autoComplete="given-name"
          defaultValue={typed?.givenName}
          required
        />
      </label>
      <label>
        Family name
        <input
          name="family_name"
          autoComplete="family-name"
          defaultValue={typed?.familyName}
          required
        />
      </label>
      <label>
        E-mail
        <input
          name="email"
          type="email"
          autoComplete="email"
          defaultValue={typed?.email}
          required
        />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="new-password" required />
        <small>8 characters or more, with both cases, a digit and a symbol.</small>
      </label>
      {error && (
        <p role="alert" data-testid="register-error">
          {error}
        </p>
      )}
      <button data-testid="register-submit" disabled={pending || email !== undefined}>
        Register
      </button>
    </form>
  );
}
