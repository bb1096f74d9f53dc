// `npm run build`: compiles styles and scripts, gathers the pictures, and names each file by its content, so that browsers may
// keep it for ever. Writes static/dist, static/vendor and static/dist/manifest.json, which templates look names up in.

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import * as sass from "sass";
import { homeIcons } from "./home-icons.mjs";
import { paletteRules, withNamedColours } from "./palette.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const at = (...parts) => join(root, ...parts);
const uswds = at("node_modules/@uswds/uswds");
const TEXT = new Set([".js", ".css", ".svg"]);
const UNUSED = at("static/scripts/map/unused.mjs");
const MANIFEST = "dist/manifest.json";
const manifest = { files: {}, icons: [] };

/** Write one file under its hashed name, with its compressed forms beside it, and enter it in the manifest. */
async function publish(folder, name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const extension = extname(name);
  const path = join(folder, `${name.slice(0, -extension.length)}-${hash}${extension}`);
  await mkdir(dirname(at("static", path)), { recursive: true });
  await writeFile(at("static", path), content);
  if (TEXT.has(extension)) {
    await writeFile(at("static", `${path}.gz`), gzipSync(content, { level: 9 }));
    await writeFile(at("static", `${path}.br`), brotliCompressSync(content));
  }
  manifest.files[folder === "dist" ? name : `${folder}/${name}`] = path;
  return path;
}

async function styles() {
  const { css } = await sass.compileAsync(at("static/styles/app.scss"), {
    loadPaths: [join(uswds, "packages")],
    style: "compressed", // which also writes "white" as #fff, so that the palette finds it
    quietDeps: true,
    silenceDeprecations: ["import", "global-builtin", "if-function"],
  });
  const leaflet = await readFile(at("node_modules/leaflet/dist/leaflet.css"), "utf8");
  const bundled = await esbuild.build({
    stdin: {
      contents: [paletteRules(), trimmed(leaflet), withNamedColours(css)].join("\n"),
      loader: "css",
      resolveDir: join(uswds, "dist"),
    },
    bundle: true,
    minify: true,
    write: false,
    loader: { ".svg": "dataurl" },
    target: ["chrome90", "safari15", "firefox90"],
  });
  await publish("dist", "app.css", bundled.outputFiles[0].contents);
}

/** Leaflet's own rules, without those of the controls with pictures, which our pages do not use. */
function trimmed(css) {
  return css.replace(/[^{}]*\{[^{}]*url\(images[^{}]*\}/g, "");
}

async function scripts() {
  const leaflet = [at("static/scripts/map/leaflet-global.mjs")];
  await script("app", []);
  await script("desk", []);
  await script("call", []);
  await script("plan", []);
  await script("phone", []);
  await script("resident", []);
  await script("mine", []);
  await script("board", []);
  await script("push", []);
  // Browsers of phones take modules as service workers only lately.
  await script("sw", [], "iife");
  await script("effort", [], "iife");
  await script("redact", []);
  await script("report", leaflet);
  await script("crew", leaflet);
  await script("areas", leaflet);
  await script("area-alerts", leaflet);
  // Beside it, folium loads Leaflet as a global: one copy is enough.
  await script("folium", [], "iife");
}

async function script(name, inject, format = "esm") {
  const bundled = await esbuild.build({
    entryPoints: [at("static/scripts", `${name}.mjs`)],
    bundle: true,
    minify: true,
    write: false,
    format,
    target: ["chrome90", "safari15", "firefox90"],
    inject,
    alias: { "@protomaps/basemaps": UNUSED, pmtiles: UNUSED },
  });
  await publish("dist", `${name}.js`, bundled.outputFiles[0].contents);
}

/** One file with all pictures, each a <symbol> that takes the colour of the text around it. */
async function icons() {
  const names = (await readdir(at("static/icons"))).filter((name) => name.endsWith(".svg")).sort();
  const symbols = await Promise.all(
    names.map(async (name) => {
      const svg = await readFile(at("static/icons", name), "utf8");
      const [, attributes, body] = svg.match(/<svg([^>]*)>([\s\S]*)<\/svg>/);
      const kept = attributes.replace(/\s(xmlns|width|height)="[^"]*"/g, "");
      return `<symbol id="${name.slice(0, -4)}"${kept}>${body.replace(/>\s+</g, "><").trim()}</symbol>`;
    }),
  );
  manifest.icons = names.map((name) => name.slice(0, -4));
  const mark = await readFile(at("static/mark.svg"), "utf8");
  await publish("dist", "mark.svg", mark);
  for (const [name, png] of await homeIcons(mark)) await publish("dist", name, png);
  await publish("dist", "icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`);
}

/** The libraries that maps made on the server (folium) load one by one. */
async function vendor() {
  const leaflet = at("node_modules/leaflet/dist");
  let css = await readFile(join(leaflet, "leaflet.css"), "utf8");
  for (const picture of await readdir(join(leaflet, "images"))) {
    const path = await publish("vendor", picture, await readFile(join(leaflet, "images", picture)));
    css = css.replaceAll(`images/${picture}`, path.slice("vendor/".length));
  }
  await publish("vendor", "leaflet.css", css);
  await publish("vendor", "leaflet.js", await readFile(join(leaflet, "leaflet.js")));
  await publish("vendor", "leaflet-heat.js", await readFile(at("node_modules/leaflet.heat/dist/leaflet-heat.js")));
}

/** Remove what earlier builds left. A running server goes on with the old files until the new list of names is in place. */
async function sweep() {
  const kept = new Set(Object.values(manifest.files).flatMap((path) => [path, `${path}.gz`, `${path}.br`]));
  kept.add(MANIFEST);
  for (const folder of ["dist", "vendor"]) {
    for (const name of await readdir(at("static", folder))) {
      if (!kept.has(`${folder}/${name}`)) await rm(at("static", folder, name), { recursive: true });
    }
  }
}

await Promise.all([styles(), scripts(), icons(), vendor()]);
await writeFile(at("static", `${MANIFEST}.new`), `${JSON.stringify(manifest, null, 1)}\n`);
await rename(at("static", `${MANIFEST}.new`), at("static", MANIFEST));
await sweep();
