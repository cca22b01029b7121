import Link from "next/link";
import { add } from "@/app/actions";
import { Cart } from "@/components/Cart";
import { catalogue, money } from "@/lib/catalogue";
import { currentVisitor } from "@/lib/visitor";

export default async function Home() {
  const { sub } = await currentVisitor();
  return (
    <>
      <h1>Things to buy</h1>
      <ul className="products">
        {catalogue.map((product) => (
          <li key={product.id}>
            <h2>{product.name}</h2>
            <p>{money(product.price)}</p>
            <form action={add}>
              <input type="hidden" name="product" value={product.id} />
              <button data-testid={`add-to-cart-${product.id}`}>Add to cart</button>
            </form>
          </li>
        ))}
      </ul>
      <h1>Cart</h1>
      <Cart sub={sub} />
      <Link href="/checkout" data-testid="checkout">
        Check out
      </Link>
    </>
  );
}
