import { getServerSession } from "next-auth";
import { authOptions } from "./auth";
import { ensureGuest, findGuest } from "./guest";
import { mergeGuest } from "./merge";

export interface Visitor {
  kind: "nobody" | "guest" | "account";
  sub?: string;
  name?: string;
}

/** Who is looking. Makes nobody. */
export async function currentVisitor(): Promise<Visitor> {
  const user = (await getServerSession(authOptions()))?.user;
  if (user?.id) return { kind: "account", sub: user.id, name: user.name ?? user.email ?? user.id };
  const guest = await findGuest();
  return guest ? { kind: "guest", sub: guest.sub } : { kind: "nobody" };
}

/** Whose cart is changed: the account's, or a guest's, who is made now if need be. */
export async function actingSub(): Promise<string> {
  const visitor = await currentVisitor();
  if (visitor.kind !== "account" || !visitor.sub) return ensureGuest();
  await mergeGuest(visitor.sub);
  return visitor.sub;
}
