import { remove } from "@/app/actions";
import { readCart } from "@/lib/carts";
import { catalogue, money } from "@/lib/catalogue";

export async function Cart({ sub }: { sub?: string }) {
  const cart = sub ? await readCart(sub) : {};
  const lines = catalogue.flatMap((product) => {
    const quantity = cart[product.id];
    return quantity ? [{ ...product, quantity }] : [];
  });
  if (lines.length === 0) return <p data-testid="cart-empty">There is nothing in it yet.</p>;
  return (
    <>
      <ul className="lines">
        {lines.map((line) => (
          <li key={line.id} data-testid={`cart-line-${line.id}`} data-quantity={line.quantity}>
            <span>
              {line.quantity} × {line.name}
            </span>
            <span>{money(line.quantity * line.price)}</span>
            <form action={remove}>
              <input type="hidden" name="product" value={line.id} />
              <button className="quiet" data-testid={`remove-${line.id}`}>
                Remove
              </button>
            </form>
          </li>
        ))}
      </ul>
      <p>
        Total{" "}
        <strong data-testid="cart-total">
          {money(lines.reduce((sum, line) => sum + line.quantity * line.price, 0))}
        </strong>
      </p>
    </>
  );
}
