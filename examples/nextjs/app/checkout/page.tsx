import { Cart } from "@/components/Cart";
import { Register } from "@/components/Register";
import { currentVisitor } from "@/lib/visitor";

export default async function Checkout() {
  const visitor = await currentVisitor();
  return (
    <>
      <h1>Check out</h1>
      <Cart sub={visitor.sub} />
      {visitor.kind === "account" ? (
        <p data-testid="ready">Everything is ready to be ordered, {visitor.name}.</p>
      ) : (
        <>
          <h2>Register</h2>
          <p>Your cart stays as it is.</p>
          <Register />
        </>
      )}
    </>
  );
}
