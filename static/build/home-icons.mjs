// The pictures under which phones put the site on their home screen, drawn from the mark.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Resvg, initWasm } from "@resvg/resvg-wasm";

const GROUND = "#fff";
/** Of each: its size in pixels, and the share of it that the mark takes. What is cut to a shape keeps 80 % in its middle. */
const PICTURES = {
  "home-192.png": { size: 192, share: 0.86 },
  "home-512.png": { size: 512, share: 0.86 },
  "home-maskable-512.png": { size: 512, share: 0.58, ground: GROUND },
  "home-apple-180.png": { size: 180, share: 0.7, ground: GROUND },
};

/** Return [name, PNG] of each picture. */
export async function homeIcons(mark) {
  await initWasm(await readFile(createRequire(import.meta.url).resolve("@resvg/resvg-wasm/index_bg.wasm")));
  return Object.entries(PICTURES).map(([name, look]) => [name, new Resvg(drawn(mark, look)).render().asPng()]);
}

function drawn(mark, { size, share, ground }) {
  const side = size * share;
  const edge = (size - side) / 2;
  const placed = mark.replace("<svg ", `<svg x="${edge}" y="${edge}" width="${side}" height="${side}" `);
  const paper = ground ? `<rect width="${size}" height="${size}" fill="${ground}"/>` : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}">${paper}${placed}</svg>`;
}
