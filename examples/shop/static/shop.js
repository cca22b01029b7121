// Wiring, and nothing else: the pages come complete from the server.

import { wireCart } from "./cart.js";
import { wireCheckout } from "./checkout.js";
import { when } from "./dom.js";
import { wireYou } from "./you.js";

wireCart();
wireCheckout();
wireYou();

for (const time of document.querySelectorAll("main time")) time.textContent = when(new Date(time.dateTime));
