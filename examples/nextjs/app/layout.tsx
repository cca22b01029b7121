import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { SignIn } from "@/components/SignIn";
import { currentVisitor } from "@/lib/visitor";
import "./style.css";

export const metadata: Metadata = { title: "Guest shop" };

/** Every page shows who is there. */
export const dynamic = "force-dynamic";

export default async function Layout({ children }: { children: ReactNode }) {
  const visitor = await currentVisitor();
  return (
    <html lang="en">
      <body>
        <header>
          <Link href="/">Guest shop</Link>
          <span data-testid="whoami" data-kind={visitor.kind} data-sub={visitor.sub}>
            {visitor.name ?? (visitor.kind === "guest" ? "Guest" : "Welcome")}
          </span>
          {visitor.kind === "account" ? (
            <form action="/sign-out" method="post">
              <button className="quiet" data-testid="sign-out">
                Sign out
              </button>
            </form>
          ) : (
            <SignIn />
          )}
        </header>
        <main>{children}</main>
      </body>
    </html>
  );
}
