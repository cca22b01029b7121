// Small helpers. Text only ever reaches the page as text nodes.

export const byId = (id) => document.getElementById(id);
export const byTest = (id) => document.querySelector(`[data-testid="${id}"]`);

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function money(cents) {
  return cents % 100 ? `€${(cents / 100).toFixed(2)}` : `€${cents / 100}`;
}

// A point in time where the reader is; the time alone for what happened today.
export function when(at) {
  const today = at.toDateString() === new Date().toDateString();
  return today ? at.toLocaleTimeString() : at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

let hiding;
export function toast(...content) {
  const box = byId("toast");
  box.replaceChildren(...content);
  box.classList.add("shown");
  clearTimeout(hiding);
  hiding = setTimeout(() => box.classList.remove("shown"), 6000);
}

// Marks a form as busy while `work` runs, so that a second click waits for the first.
export async function busy(form, work) {
  const buttons = form.querySelectorAll("button");
  if ([...buttons].some((button) => button.ariaBusy === "true")) return;
  for (const button of buttons) button.ariaBusy = "true";
  try {
    await work();
  } finally {
    for (const button of buttons) button.ariaBusy = "false";
  }
}

// Shows what was refused: a reason under each field, the message above the form.
export function showErrors(form, box, refusal) {
  clearErrors(form, box);
  let first;
  for (const [name, reason] of Object.entries(refusal.fields || {})) {
    const input = form.elements.namedItem(name);
    if (!input) continue;
    const id = `${form.id}-${name}-error`;
    const text = typeof reason === "string" ? reason : reason.message || "Not accepted.";
    const note = make("span", { className: "field-error", id }, text);
    note.dataset.testid = `error-${name}`;
    input.setAttribute("aria-invalid", "true");
    input.dataset.describedby = input.getAttribute("aria-describedby") || "";
    input.setAttribute("aria-describedby", `${id} ${input.dataset.describedby}`.trim());
    input.after(note);
    first ||= input;
  }
  box.textContent = refusal.message;
  box.hidden = false;
  first?.focus();
}

export function clearErrors(form, box) {
  box.hidden = true;
  for (const note of form.querySelectorAll(".field-error")) note.remove();
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    if (input.dataset.describedby) input.setAttribute("aria-describedby", input.dataset.describedby);
    else input.removeAttribute("aria-describedby");
  }
}
