// Wiring, and nothing else: the pages come complete from the server.

import { wireCart } from "./cart.js";
import { wireCheckout } from "./checkout.js";
import { wireYou } from "./you.js";

wireCart();
wireCheckout();
wireYou();
