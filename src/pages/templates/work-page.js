// The page that stands before a form or a link while proof of work is due.

import { openSession } from "./proof-of-work.js";

const work = document.getElementById("work");
const form = document.getElementById("work-form");

function goOn() {
  // A field named "submit" would stand in the method's place.
  if (form) HTMLFormElement.prototype.submit.call(form);
  else if (work.dataset.next === "reload") location.reload();
  else history.back();
}

openSession({ challenge: work.dataset.challenge, bits: Number(work.dataset.bits) }).then(goOn, (failure) => {
  document.getElementById("work-text").textContent = `That did not work: ${failure.message}`;
});
