import { mkdir, open, readFile, rename } from "node:fs/promises";
import path from "node:path";

/** Quantities by product. */
export type Cart = Record<string, number>;
/** Carts by `sub`. Nothing here knows what a guest is. */
type Carts = Record<string, Cart>;

const file = path.join(process.cwd(), "data", "carts.json");

// Next.js may load this module more than once in a process; one file, so one queue.
const shared = globalThis as typeof globalThis & { cartQueue?: Promise<unknown> };

export async function readCart(sub: string): Promise<Cart> {
  return (await load())[sub] ?? {};
}

export function addToCart(sub: string, product: string): Promise<void> {
  return change((carts) => {
    const cart = (carts[sub] ??= {});
    cart[product] = (cart[product] ?? 0) + 1;
  });
}

export function removeFromCart(sub: string, product: string): Promise<void> {
  return change((carts) => {
    delete carts[sub]?.[product];
  });
}

/** Moves everything of one `sub` to another. Once it returns that is on disk; twice is as once. */
export function mergeCarts(from: string, to: string): Promise<void> {
  return change((carts) => {
    const target = (carts[to] ??= {});
    for (const [product, quantity] of Object.entries(carts[from] ?? {})) {
      target[product] = (target[product] ?? 0) + quantity;
    }
    delete carts[from];
  });
}

function change(edit: (carts: Carts) => void): Promise<void> {
  const done = (shared.cartQueue ?? Promise.resolve()).then(async () => {
    const carts = await load();
    edit(carts);
    await save(carts);
  });
  shared.cartQueue = done.catch(() => undefined);
  return done;
}

async function load(): Promise<Carts> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Carts;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** All of it or nothing, also if the power fails. */
async function save(carts: Carts): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const handle = await open(`${file}.new`, "w");
  try {
    await handle.writeFile(JSON.stringify(carts, null, 2));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}
