// Finds a number that, after the key of a form and a colon, has a SHA-256 (FIPS 180-4) that begins with so many zero bits. The
// browser's own SHA-256 answers each time by a promise, which takes ten times as long as the sum itself.

const PRIMES = [];
for (let n = 2; PRIMES.length < 64; n++) if (PRIMES.every((prime) => n % prime)) PRIMES.push(n);
const fraction = (root) => ((root % 1) * 2 ** 32) | 0;
const FIRST = PRIMES.slice(0, 8).map((prime) => fraction(prime ** (1 / 2)));
const ROUNDS = PRIMES.map((prime) => fraction(prime ** (1 / 3)));
const turned = (x, by) => (x >>> by) | (x << (32 - by));

/** The first word of the SHA-256 of some bytes. */
function firstWord(bytes) {
  const size = ((bytes.length + 8) >> 6) + 1;
  const block = new DataView(new ArrayBuffer(size * 64));
  bytes.forEach((byte, i) => block.setUint8(i, byte));
  block.setUint8(bytes.length, 0x80);
  block.setUint32(size * 64 - 4, bytes.length * 8);
  const state = Int32Array.from(FIRST);
  const w = new Int32Array(64);
  for (let at = 0; at < size * 64; at += 64) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) w[i] = block.getInt32(at + 4 * i);
      else {
        const [x, y] = [w[i - 15], w[i - 2]];
        const s0 = turned(x, 7) ^ turned(x, 18) ^ (x >>> 3);
        const s1 = turned(y, 17) ^ turned(y, 19) ^ (y >>> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
      }
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i] + w[i]) | 0;
      const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => {
      state[i] += word;
    });
  }
  return state[0] >>> 0;
}

self.addEventListener("message", ({ data: { key, bits } }) => {
  const encoder = new TextEncoder();
  for (let n = 0; ; n++) {
    if (firstWord(encoder.encode(`${key}:${n}`)) >>> (32 - bits) === 0) {
      self.postMessage(String(n));
      return;
    }
  }
});
