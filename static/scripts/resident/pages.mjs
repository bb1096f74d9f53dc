// Pages of residents in the service worker, for when there is no connection. They are fetched as by somebody whom the server
// does not know, so that nothing of anybody is in them, whoever is signed in on this phone.

import { each, inTime } from "../phone/pages.mjs";
import { allReports, dropReport, knowOf, knownOf } from "./store.mjs";

const PUBLIC = "public";
const TILES = "tiles";
const MOST_TILES = 400;
const UNREACHABLE = [502, 503, 504];
const UNFINISHED_MS = 30 * 24 * 60 * 60 * 1000;
const HOME = "/";
const MINE = "/on-this-phone";

/** Fetch what a resident's phone should have and has not, in a language, and drop what it should not have. */
export async function keepPublic(language) {
  const kept = await asNobody(`/kept?lang=${language}`).then((answer) => (answer.ok ? answer.json() : undefined));
  if (!kept) return;
  await tidy();
  if ((await knownOf("kept")) === kept.tag) return;
  const cache = await caches.open(PUBLIC);
  await each(kept.assets, async (url) => {
    if (!(await caches.match(url))) await put(cache, url, url);
  });
  for (const [path, url] of Object.entries(kept.pages)) await put(cache, path, url);
  const wanted = new Set([...kept.assets, ...Object.keys(kept.pages)].map((url) => new URL(url, location.origin).href));
  for (const { url } of await cache.keys()) if (!wanted.has(url)) await cache.delete(url);
  await knowOf("kept", kept.tag);
}

const asNobody = (url) => fetch(url, { credentials: "omit" });

async function put(cache, name, url) {
  const response = await asNobody(url);
  if (!response.ok || response.redirected) throw new Error(`${url} answered ${response.status}`);
  await cache.put(name, response);
}

/** Drop the tiles seen first, and what was left half written long ago. */
async function tidy() {
  const tiles = await caches.open(TILES);
  const seen = await tiles.keys();
  await each(seen.slice(0, Math.max(0, seen.length - MOST_TILES)), (request) => tiles.delete(request));
  for (const { key, state, at } of await allReports()) {
    if (state === "unfinished" && at < Date.now() - UNFINISHED_MS) await dropReport(key);
  }
}

/** Answer with a page of residents: from the network, or else the one kept; in place of all others, what is on this phone. */
export async function publicPage(request) {
  const { pathname } = new URL(request.url);
  const kept = () => caches.match(pathname === HOME ? HOME : MINE, { ignoreVary: true });
  try {
    const response = await inTime(fetch(request), kept);
    return UNREACHABLE.includes(response.status) ? ((await kept()) ?? response) : response;
  } catch (error) {
    return (await kept()) ?? Promise.reject(error);
  }
}

/** Answer with a tile of the base map, and keep it as one seen last. */
export async function tile(request) {
  const tiles = await caches.open(TILES);
  try {
    const response = await fetch(request);
    if (response.status === 200) tiles.put(request, response.clone()).catch(() => {});
    return response;
  } catch (error) {
    return (await tiles.match(request, { ignoreVary: true })) ?? Promise.reject(error);
  }
}

/** Answer with the questions of a service; without a connection with those that are kept of all services. */
export async function questions(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match("/questions/all", { ignoreVary: true });
    if (!kept) throw error;
    const asked = (await kept.json())[new URL(request.url).searchParams.get("service")] ?? "";
    return new Response(asked, { headers: { "Content-Type": "text/html; charset=utf-8" } });
  }
}
