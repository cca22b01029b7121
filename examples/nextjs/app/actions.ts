"use server";

import { revalidatePath } from "next/cache";
import { addToCart, removeFromCart } from "@/lib/carts";
import { findProduct } from "@/lib/catalogue";
import { findGuest, forgetGuest } from "@/lib/guest";
import { actingSub } from "@/lib/visitor";
import { isRefusal, upgradeGuest, type ZitadelError } from "@/lib/zitadel";

/** Worth an identity: whoever has none is a guest from now on. */
export async function add(form: FormData): Promise<void> {
  const product = findProduct(field(form, "product"));
  if (!product) return;
  await addToCart(await actingSub(), product.id);
  revalidatePath("/", "layout");
}

export async function remove(form: FormData): Promise<void> {
  await removeFromCart(await actingSub(), field(form, "product"));
  revalidatePath("/", "layout");
}

export interface RegistrationState {
  error?: string;
  /** What was typed, to be corrected; never the password. */
  typed?: { givenName: string; familyName: string; email: string };
  /** Set once there is an account: what to sign in with. */
  email?: string;
}

/** Whom it registers stands in the cookie, and nowhere in the form. */
export async function register(
  _before: RegistrationState,
  form: FormData,
): Promise<RegistrationState> {
  const guest = await findGuest();
  if (!guest) return { error: "There is no cart to register with." };
  const typed = {
    givenName: field(form, "given_name").trim(),
    familyName: field(form, "family_name").trim(),
    email: field(form, "email").trim(),
  };
  try {
    await upgradeGuest(guest.sub, { ...typed, password: field(form, "password") });
  } catch (error) {
    if (isRefusal(error)) return { error: wordsFor(error), typed };
    throw error;
  }
  await forgetGuest();
  return { email: typed.email };
}

function wordsFor(error: ZitadelError): string {
  if (error.status === 409) return "That address has an account. Sign in instead.";
  // The API says which rule is broken, and adds an id in brackets.
  return error.message.replace(/ \([\w-]+\)$/, "");
}

function field(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}
