// On each page of residents: the service worker, and what it should do while a page is open.

import { allReports } from "./store.mjs";

const LOOK_MS = 5000;

/** Register the worker once the page is at rest, and let it send what waits. Calls `changed()` whenever that has changed. */
export async function startResident(changed = () => {}) {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => data.reports && changed());
  if (document.readyState !== "complete") await new Promise((done) => window.addEventListener("load", done, { once: true }));
  await new Promise((done) => (window.requestIdleCallback ?? setTimeout)(done));
  await navigator.serviceWorker.register("/sw.js");
  const { active } = await navigator.serviceWorker.ready;
  active.postMessage({ keepPublic: document.documentElement.lang });
  const send = (now) => active.postMessage({ sendReports: true, now });
  window.addEventListener("online", () => send(true));
  send(true);
  // The worker keeps the pauses between tries; here is only the clock, which a worker has not.
  setInterval(async () => !document.hidden && (await isWaiting()) && send(false), LOOK_MS);
  return send;
}

async function isWaiting() {
  return (await allReports()).some(({ state }) => state === "waiting" || state === "sending");
}
