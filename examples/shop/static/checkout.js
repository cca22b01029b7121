// Registration and the order. Both forms also work without this script.

import * as api from "./api.js";
import { busy, byId, clearErrors, showErrors, toast } from "./dom.js";
import { identityMayHaveChanged, onIdentity } from "./you.js";

function showRegistration(session) {
  const isAccount = session.signed_in && session.kind === "account";
  byId("register").hidden = isAccount;
  byId("registered").hidden = !isAccount;
  if (!isAccount) return;
  byId("registered-text").textContent = `Signed in as ${session.name || session.email || session.sub}.`;
  byId("registered-proof").hidden = session.email_verified !== false || !session.email;
  const recipient = byId("order-form").elements.name;
  if (!recipient.value && session.name) recipient.value = session.name;
}

function wireRegister(form) {
  const box = byId("register-error");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(form, async () => {
      clearErrors(form, box);
      const { given_name, family_name, email, password } = form.elements;
      try {
        await api.post("/guest/v1/upgrade", {
          given_name: given_name.value,
          family_name: family_name.value,
          email: email.value,
          password: password.value,
        });
        form.reset();
        await identityMayHaveChanged().catch(() => false);
        byId("registered").focus();
        toast("Welcome. Your cart is where it was.");
      } catch (refusal) {
        showErrors(form, box, refusal);
      }
    });
  });
}

function wireOrder(form) {
  const box = byId("order-error");
  const note = form.elements.note;
  note.addEventListener("change", async () => {
    try {
      await api.put("/api/note", { text: note.value });
      toast("Note kept.");
    } catch (refusal) {
      toast(refusal.message);
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(form, async () => {
      clearErrors(form, box);
      const { name, address } = form.elements;
      try {
        await api.post("/api/orders", { name: name.value, address: address.value, note: note.value });
        location.assign("/orders");
      } catch (refusal) {
        showErrors(form, box, refusal);
      }
    });
  });
}

export function wireCheckout() {
  if (!byId("register-form")) return;
  onIdentity(showRegistration);
  wireRegister(byId("register-form"));
  wireOrder(byId("order-form"));
}
