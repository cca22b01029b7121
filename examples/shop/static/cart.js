// Adding, counting, changing and removing. Each write answers with the whole cart.

import * as api from "./api.js";
import { busy, byId, byTest, make, money, toast } from "./dom.js";
import { identityMayHaveChanged } from "./you.js";

function showCount(count) {
  const badge = byTest("cart-count");
  if (badge.textContent === String(count)) return;
  badge.textContent = count;
  badge.dataset.count = count;
  badge.classList.remove("bump");
  requestAnimationFrame(() => badge.classList.add("bump"));
}

function showCart(cart) {
  showCount(cart.count);
  const lines = byTest("cart-lines");
  if (!lines) return;
  const items = new Map(cart.items.map((item) => [item.product_id, item]));
  for (const line of [...lines.querySelectorAll("[data-line]")]) {
    const item = items.get(line.dataset.line);
    if (!item) {
      line.remove();
      continue;
    }
    line.querySelector("input[name=quantity]").value = item.quantity;
    line.querySelector(":scope > .price").textContent = money(item.line_cents);
  }
  byTest("cart-total").textContent = money(cart.total_cents);
  byId("cart-full").hidden = cart.count === 0;
  byId("cart-empty").hidden = cart.count !== 0;
}

// Shows the cart as the server has it; if it cannot be asked, the page stays as it is.
async function reload() {
  await api.get("/api/cart").then(showCart, () => {});
}

async function refused(refusal) {
  toast(refusal.message);
  await reload();
}

function added(name, isNew) {
  const content = [`${name} is in your cart. `, make("a", { href: "/cart" }, "See the cart")];
  if (isNew) content.push(make("small", {}, "You have an identity now, without having been asked for one."));
  toast(...content);
}

function wireAdd(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(form, async () => {
      const product_id = form.elements.product_id.value;
      const quantity = Number(form.elements.quantity.value);
      try {
        const cart = await api.post("/api/cart/items", { product_id, quantity });
        const name = cart.items.find((item) => item.product_id === product_id)?.name || "It";
        showCart(cart);
        added(name, await identityMayHaveChanged().catch(() => false));
      } catch (refusal) {
        await refused(refusal);
      }
    });
  });
}

function wireLine(line) {
  const path = `/api/cart/items/${encodeURIComponent(line.dataset.line)}`;
  const input = line.querySelector("input[name=quantity]");
  const change = async (quantity) => {
    try {
      showCart(await (quantity < 1 ? api.remove(path) : api.put(path, { quantity })));
      const name = line.querySelector(".what a").textContent;
      toast(quantity < 1 ? `${name} is out of your cart.` : `${name}: ${quantity}.`);
      if (quantity < 1) byId("main").focus();
    } catch (refusal) {
      await refused(refusal);
    }
  };
  const set = () => input.reportValidity() && change(Number(input.value));
  line.querySelector(".stepper").addEventListener("submit", (event) => {
    event.preventDefault();
    set();
  });
  input.addEventListener("change", set);
  for (const button of line.querySelectorAll("[data-step]"))
    button.addEventListener("click", () => {
      const quantity = Math.min(99, Number(input.value) + Number(button.dataset.step));
      input.value = Math.max(1, quantity);
      change(quantity);
    });
  line.querySelector(".remove").addEventListener("submit", (event) => {
    event.preventDefault();
    change(0);
  });
}

function wireWish(button) {
  button.addEventListener("click", async () => {
    const path = `/api/wishes/${encodeURIComponent(button.dataset.wish)}`;
    const wished = button.getAttribute("aria-pressed") === "true";
    try {
      await api.withIdentity(() => (wished ? api.remove(path) : api.put(path)));
      button.setAttribute("aria-pressed", String(!wished));
      toast(wished ? "Off your wish list." : "On your wish list.");
      await identityMayHaveChanged().catch(() => false);
    } catch (refusal) {
      toast(refusal.message);
    }
  });
}

export function wireCart() {
  document.querySelectorAll("form[data-add]").forEach(wireAdd);
  document.querySelectorAll("[data-line]").forEach(wireLine);
  document.querySelectorAll("[data-wish]").forEach(wireWish);
  // Another tab may have changed the cart while this one was away.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") reload();
  });
}
