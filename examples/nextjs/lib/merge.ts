import { mergeCarts } from "./carts";
import { findGuest, forgetGuest } from "./guest";
import { deleteGuest, isGuest, isRefusal } from "./zitadel";

/**
 * If this browser also holds a guest, moves its cart to the account that has signed in, and only
 * then deletes it. If something fails, the cookie stays, and the next change to the cart tries
 * again. Where cookies may be set.
 */
export async function mergeGuest(account: string): Promise<void> {
  try {
    const guest = await findGuest();
    if (!guest) return;
    // Somebody who has registered meanwhile is no guest: nothing of theirs is moved or deleted.
    if (guest.sub !== account && (await isGuest(guest.sub))) {
      await mergeCarts(guest.sub, account);
      await deleteGuest(guest.sub).catch(unlessRefused);
    }
    await forgetGuest();
  } catch (error) {
    console.error("the guest is not merged yet:", error);
  }
}

/** A guest that is gone, or whose registration was begun and never finished, stays as it is. */
function unlessRefused(error: unknown): void {
  if (!isRefusal(error)) throw error;
  console.error("the guest is not deleted:", error.message);
}
