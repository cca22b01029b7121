// Proof of work for the gateway: a nonce so that SHA-256 of "challenge.nonce" begins with so many
// zero bits. Served at /guest/v1/proof-of-work.js; an ES module without dependencies.
//
//   import { openSession } from "/guest/v1/proof-of-work.js";
//   const answer = await fetch("/api/cart/items", request);
//   if (answer.status === 403) { await openSession(); /* and the same request again */ }

// FIPS 180-4, section 4.2.2.
const K = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const INITIAL = new Int32Array([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);
const schedule = new Int32Array(64);

// One block, bytes[at … at + 63], into `state`.
function compress(state, bytes, at) {
  const w = schedule;
  for (let i = 0; i < 16; i++, at += 4) {
    w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15];
    const y = w[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

// Tries nonces behind one prefix of ASCII text. Whole blocks of the prefix are hashed once.
class Trial {
  constructor(prefix) {
    this.length = prefix.length;
    const whole = prefix.length - (prefix.length % 64);
    const head = Uint8Array.from(prefix.slice(0, whole), (letter) => letter.charCodeAt(0));
    this.midway = Int32Array.from(INITIAL);
    for (let at = 0; at < whole; at += 64) compress(this.midway, head, at);
    this.tail = Uint8Array.from(prefix.slice(whole), (letter) => letter.charCodeAt(0));
    this.bytes = new Uint8Array(128);
    this.state = new Int32Array(8);
  }

  // The first 32 bits of the hash.
  firstWord(nonce) {
    const { bytes, tail, state } = this;
    bytes.fill(0);
    bytes.set(tail);
    const digits = String(nonce);
    let end = tail.length;
    for (let i = 0; i < digits.length; i++) bytes[end++] = digits.charCodeAt(i);
    bytes[end++] = 0x80;
    const size = end + 8 <= 64 ? 64 : 128;
    const bits = (this.length + digits.length) * 8;
    bytes[size - 2] = bits >>> 8;
    bytes[size - 1] = bits;
    state.set(this.midway);
    for (let at = 0; at < size; at += 64) compress(state, bytes, at);
    return state[0] >>> 0;
  }
}

// The text for X-Vestibule-Proof. The page stays usable meanwhile.
export async function solve({ challenge, bits }) {
  const slice = 25; // milliseconds
  const trial = new Trial(`${challenge}.`);
  const tooLarge = 2 ** (32 - bits);
  for (let nonce = 0; ; ) {
    for (const stop = performance.now() + slice; performance.now() < stop; ) {
      for (let i = 0; i < 200; i++, nonce++) {
        if (trial.firstWord(nonce) < tooLarge) return `${challenge}.${nonce}`;
      }
    }
    await new Promise((resume) => setTimeout(resume));
  }
}

// Makes sure that this browser has a session, by work if that is due, and answers as
// POST /guest/v1/session does. `work` is what an answer had as proof_of_work, if there was one.
// Throws an Error with `status` and `error`.
export async function openSession(work) {
  for (let attempt = 0; ; attempt++) {
    const headers = work ? { "X-Vestibule-Proof": await solve(work) } : {};
    const answer = await fetch("/guest/v1/session", { method: "POST", headers });
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return body;
    // A challenge can go stale, or its ticket be used by another tab.
    if (body.error === "proof_of_work_required" && attempt < 3) {
      work = body.proof_of_work;
      continue;
    }
    const message = body.message || `The server answered ${answer.status}.`;
    throw Object.assign(new Error(message), { status: answer.status, error: body.error });
  }
}
