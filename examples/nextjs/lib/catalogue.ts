export interface Product {
  id: string;
  name: string;
  /** In cents. */
  price: number;
}

export const catalogue: readonly Product[] = [
  { id: "lamp", name: "Dune table lamp", price: 11900 },
  { id: "vase", name: "River vase", price: 4800 },
  { id: "mug", name: "Speckle mug", price: 1800 },
];

export function findProduct(id: string): Product | undefined {
  return catalogue.find((product) => product.id === id);
}

export function money(cents: number): string {
  return `€ ${(cents / 100).toFixed(2)}`;
}
