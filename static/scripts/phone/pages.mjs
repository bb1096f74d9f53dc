// Pages and photos of today, kept in the service worker for when there is no connection: only for who is signed in, for a day.

import { know, known } from "./store.mjs";

const PRIVATE = "crew";
const ASSETS = "assets";
const KEEP_MS = 24 * 60 * 60 * 1000;
const AT_ONCE = 3;
const SLOW_MS = 10_000;

/** Fetch what the phone should have and has not, and drop what it should not have. */
export async function keepToday() {
  const today = await askToday();
  if (!today) return;
  if ((await known("staff")) !== today.staff) await forgetPages();
  await know("staff", today.staff);
  const had = (await known("pages")) ?? {};
  const crew = await caches.open(PRIVATE);
  const pages = Object.entries(today.pages).filter(([url, tag]) => had[url] !== tag);
  await each(pages, async ([url, tag]) => {
    if (await fetchInto(crew, url)) had[url] = tag;
  });
  await each(today.photos, async (url) => {
    if (!(await crew.match(url))) await fetchInto(crew, url);
  });
  await dropAllBut(crew, [...Object.keys(today.pages), ...today.photos]);
  const assets = await caches.open(ASSETS);
  await each(today.assets, async (url) => {
    if (!(await assets.match(url))) await fetchInto(assets, url);
  });
  await dropAllBut(assets, today.assets);
  await know("pages", Object.fromEntries(Object.entries(had).filter(([url]) => url in today.pages)));
}

/** Return what the phone should have, and whose it is; undefined when that cannot be told. Who is signed out has nothing. */
export async function askToday() {
  const response = await fetch("/crew/phone", { headers: { Accept: "application/json" } });
  if (response.redirected || response.status === 403) {
    await forgetPages();
    return undefined;
  }
  return response.ok ? response.json() : undefined;
}

async function fetchInto(cache, url) {
  const response = await fetch(url);
  const good = response.ok && !response.redirected;
  if (good) await cache.put(url, response);
  return good;
}

async function dropAllBut(cache, urls) {
  const wanted = new Set(urls.map((url) => new URL(url, location.origin).href));
  for (const { url } of await cache.keys()) {
    // A plan as it was looked at last stays beside the plain one.
    if (!wanted.has(url) && !url.includes("/crew/plan?")) await cache.delete(url);
  }
}

/** Do some work for each item, a few at a time. */
export async function each(items, work) {
  const left = [...items];
  const one = async () => {
    while (left.length) await work(left.shift());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** Answer with the page from the network, and keep it; without a connection with the page kept. */
export async function page(request) {
  const crew = await caches.open(PRIVATE);
  const fallback = async () => (await keptPage(crew, request)) ?? (await offlinePage());
  try {
    const response = await inTime(fetch(request), () => keptPage(crew, request));
    if (response.type === "basic" && response.status === 404) await crew.delete(request);
    if (response.type === "basic" && response.ok && (await known("staff"))) await keepLooked(crew, request, response.clone());
    // The server is there, but not what is behind it.
    return [502, 503, 504].includes(response.status) ? ((await fallback()) ?? response) : response;
  } catch (error) {
    const found = await fallback();
    if (found) return found;
    throw error;
  }
}

/** Return the page that says that there is no connection. */
export async function offlinePage() {
  return keptPage(await caches.open(PRIVATE), new Request("/crew/offline"));
}

/** Return what comes from the network, or what is kept when that takes long: a weak signal is none. */
export async function inTime(coming, kept) {
  const late = new Promise((resolve) => setTimeout(resolve, SLOW_MS, "late"));
  const first = await Promise.race([coming, late]);
  if (first !== "late") return first;
  coming.catch(() => {});
  return (await kept()) ?? coming;
}

/** Keep a page that is looked at: a ticket as it is now, the plan as it was ordered last. */
async function keepLooked(cache, request, response) {
  const { pathname } = new URL(request.url);
  if (pathname === "/crew") return;
  if (pathname === "/crew/plan") await dropPlans(cache);
  await cache.put(request, response);
}

async function dropPlans(cache) {
  for (const { url } of await cache.keys()) {
    if (url.includes("/crew/plan?")) await cache.delete(url);
  }
}

async function keptPage(cache, request) {
  const found = (await cache.match(request)) ?? (await cache.match(request, { ignoreSearch: true }));
  if (!found) return undefined;
  if (Date.now() - Date.parse(found.headers.get("Date")) < KEEP_MS) return found;
  await cache.delete(request);
  return undefined;
}

/** Answer with a photo that is kept, or from the network. */
export async function photo(request) {
  const crew = await caches.open(PRIVATE);
  return (await crew.match(request)) ?? fetch(request);
}

/** Answer with a built file that is kept: its name changes with its content. */
export async function asset(request) {
  return (await caches.match(request)) ?? fetch(request);
}

/** Forget the pages and photos, where there are any. */
export async function forgetPages() {
  if (await caches.delete(PRIVATE)) await know("pages", {});
}

/** Forget all that was kept. */
export async function forgetCaches() {
  await Promise.all([caches.delete(PRIVATE), caches.delete(ASSETS)]);
}
