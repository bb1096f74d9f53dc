// The service worker of all pages. For residents it keeps the form, the map last seen, and reports until the server has them. For
// crews it keeps today's pages and photos, and what is posted to a ticket while there is no connection; of these it keeps nothing
// for anybody who is not signed in, and forgets everything at sign-out.

import { asset, forgetCaches, forgetPages, keepToday, offlinePage, page, photo } from "./phone/pages.mjs";
import { keepPost, sendMoves } from "./phone/queue.mjs";
import { forgetStore, known, movesOf } from "./phone/store.mjs";
import { openMessage, showMessage } from "./shown.mjs";
import { keepPublic, publicPage, questions, tile } from "./resident/pages.mjs";
import { sendForm, sendReports } from "./resident/sending.mjs";

const PAGE = /^\/crew(\/plan|\/offline|\/\d+)?$/;
const WORK = /^\/crew\/(\d+)(\/follow-up)?$/;
const MANY = "/crew/many";
const RESIDENTS = /^\/(track(\/.*)?|on-this-phone)?$/;
const UNREACHABLE = [502, 503, 504];
const SLOW_MS = 30_000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (origin !== self.location.origin) return;
  const answer = method === "GET" ? answerToGet(pathname, mode) : method === "POST" && isOurs(event.request) ? answerToPost(pathname, mode) : null;
  if (answer) event.respondWith(answer(event.request));
});

/** What another site's page posts here is sent as it is: only our own forms are kept, and get a token. */
const isOurs = ({ referrer }) => referrer.startsWith(`${self.location.origin}/`);

function answerToGet(pathname, mode) {
  if (pathname.startsWith("/static/")) return asset;
  if (pathname.startsWith("/photos/")) return photo;
  if (pathname.startsWith("/tiles/base/")) return tile;
  if (pathname === "/questions") return questions;
  if (mode !== "navigate") return null;
  if (RESIDENTS.test(pathname)) return publicPage;
  if (pathname === "/sign-in") return signInPage;
  return PAGE.test(pathname) ? page : null;
}

function answerToPost(pathname, mode) {
  if (mode !== "navigate") return null;
  if (pathname === "/") return report;
  if (pathname === "/sign-out") return signOut;
  if (pathname === MANY || WORK.test(pathname)) return work;
  return pathname.startsWith("/crew/") ? nowOrNever : null;
}

/** Send a report, and let open pages know. */
async function report(request) {
  const response = await sendForm(request);
  await tellReports();
  return response;
}

/** Post to a ticket, or to many; keep what was posted where nothing answers, and show what it was posted from. */
async function work(request) {
  const copy = request.clone();
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(SLOW_MS) });
    if (!UNREACHABLE.includes(response.status)) return response;
  } catch {
    // Nothing answers: it may have arrived or not. Its key tells.
  }
  const { pathname } = new URL(request.url);
  const form = await copy.formData();
  if (pathname === MANY) await keepMany(form);
  else await keepPost(Number(pathname.match(WORK)[1]), pathname, form);
  await self.registration.sync?.register("moves").catch(() => {});
  await tell();
  return Response.redirect(pathname === MANY ? "/crew" : pathname.replace("/follow-up", ""), 303);
}

/** Keep what was posted to many tickets as a move of each, by the key that the server would have made of it. */
async function keepMany(form) {
  for (const chosen of form.getAll("ticket")) {
    const [ticket, version] = chosen.split(".");
    const move = new FormData();
    for (const [name, value] of form) if (name !== "ticket") move.append(name, value);
    move.set("version", version);
    move.set("key", `${form.get("key")}.${ticket}`);
    await keepPost(Number(ticket), `/crew/${ticket}`, move);
  }
}

/** Post what means nothing later, such as taking back the latest move. */
async function nowOrNever(request) {
  try {
    return await fetch(request);
  } catch (error) {
    return (await offlinePage()) ?? Promise.reject(error);
  }
}

/** Sign out once everything is sent, and forget all. What the server refused is somebody's to decide first. */
async function signOut(request) {
  await sendMoves().catch(() => {});
  if ((await movesOf(await known("staff"))).length) return Response.redirect("/crew#unsent", 303);
  const response = await fetch(request);
  await forgetCaches();
  await forgetStore();
  return response;
}

/** Whoever sees the form to sign in is signed out, by whatever way. */
async function signInPage(request) {
  const response = await fetch(request);
  if (response.ok) await forgetPages();
  return response;
}

self.addEventListener("push", (event) => event.waitUntil(showMessage(event)));
self.addEventListener("notificationclick", (event) => event.waitUntil(openMessage(event)));

self.addEventListener("sync", (event) => {
  if (event.tag === "moves") event.waitUntil(sendMoves().then(tell));
  if (event.tag === "reports") event.waitUntil(sendReports(true).then(tellReports));
});

self.addEventListener("message", (event) => {
  if (event.data === "keep") event.waitUntil(keepToday().catch(() => {}));
  if (event.data === "send") event.waitUntil(sendMoves().then(tell, tell));
  if (event.data.keepPublic) event.waitUntil(keepPublic(event.data.keepPublic).catch(() => {}));
  if (event.data.sendReports) event.waitUntil(sendReports(event.data.now).then(tellReports));
});

/** Let open pages look again at what waits; with the tickets of what was sent just now. */
async function tell(sent) {
  for (const client of await self.clients.matchAll()) client.postMessage({ sent: Array.isArray(sent) ? sent : [] });
}

/** Let open pages look again at the reports on this phone. */
async function tellReports() {
  for (const client of await self.clients.matchAll()) client.postMessage({ reports: true });
}
