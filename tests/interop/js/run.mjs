// node run.mjs FILE FEATURE: one feature, which is an exported function. What it works with comes on standard
// input; a person at the other end does what a program cannot (see ../conversation.py).
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function heard() {
  const { value, done } = await lines.next();
  if (done) throw new Error("nobody answers");
  return JSON.parse(value);
}

async function ask(question) {
  process.stdout.write(`${JSON.stringify(question)}\n`);
  return heard();
}

const person = {
  /** Opens an address, signs in and agrees. A URL, or a Request where a form was posted. */
  async visit(address) {
    const { url, form, status } = await ask({ do: "visit", url: String(address) });
    if (!url) throw new Error(`the person ended on a page with status ${status}`);
    return form ? new Request(url, { method: "POST", body: new URLSearchParams(form) }) : new URL(url);
  },
  /** Types a device's code and decides: `allow` or `deny`. */
  confirm: (code, decision) => ask({ do: "confirm", code, decision }),
  /** A new guest's `sub`. */
  guest: async () => (await ask({ do: "guest" })).sub,
  /** The provider signs with its next keys from now on. */
  rotate: () => ask({ do: "rotate" }),
};

const [file, feature] = process.argv.slice(2);
try {
  const features = await import(`./${file}`);
  await features[feature]({ ...(await heard()), person });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  process.stdin.destroy();
}
