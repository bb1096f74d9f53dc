// How a report leaves the phone, in the service worker. It is kept before it is sent, and forgotten once the server has it: what
// kills the tab, the browser or the server between the two costs nothing, as the key of the form makes it one report.

import { dropReport, allReports, keepPhotos, keepReport, keepSent, photosOf } from "./store.mjs";

const NOT_KEPT = new Set(["csrf_token"]);
const WAIT_MS = 45_000;
const WAIT_LONG_MS = 300_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;
const TOO_MANY = 429;

/** Keys of reports that a page is sending now. */
const underWay = new Set();
let sending;

/** Answer the form of a report: with what the server says, or where nothing answers with the list of what waits. */
export async function sendForm(request) {
  const plain = request.clone();
  const form = await request.formData();
  const report = { key: form.get("key"), state: "sending", at: Date.now(), step: "tell", fields: texts(form), tries: 0 };
  const photos = [...form].filter(([, value]) => value instanceof File && value.name);
  try {
    await keepPhotos(report.key, photos);
    await keepReport(report);
  } catch {
    // No room on the phone: it is sent as by any browser.
    return fetch(plain);
  }
  underWay.add(report.key);
  try {
    return await answerTo(report, photos);
  } finally {
    underWay.delete(report.key);
  }
}

async function answerTo(report, photos) {
  const signal = AbortSignal.timeout(WAIT_MS);
  const response = await askToken(signal)
    .then((token) => post(report, photos, { token, signal, redirect: "manual" }))
    .catch(() => undefined);
  if (response?.type === "opaqueredirect") {
    await dropReport(report.key);
    return response;
  }
  if (!response || mayPass(response.status)) {
    await wait(report, response);
    return Response.redirect("/on-this-phone", 303);
  }
  // The page says what is wrong, with the form as it was typed.
  await keepReport({ ...report, state: "unfinished" });
  return response;
}

/** Send what waits. Without `now`, only that whose pause is over. */
export function sendReports(now) {
  sending ??= sendAll(now).finally(() => {
    sending = undefined;
  });
  return sending;
}

async function sendAll(now) {
  for (const report of await allReports()) {
    const isDue = now || !(report.next > Date.now());
    const waits = report.state === "waiting" || report.state === "sending";
    if (waits && isDue && !underWay.has(report.key) && !(await send(report))) return;
  }
}

/** Send one; return whether there is a server to send others to. */
async function send(report) {
  const response = await postWaiting(report).catch(() => undefined);
  if (response?.ok && response.redirected) {
    await keepSent(sentAs(report, response.url));
    await dropReport(report.key);
    return true;
  }
  if (response && !mayPass(response.status)) {
    await keepReport({ ...report, state: "refused", status: response.status });
    return true;
  }
  await wait(report, response);
  return false;
}

async function postWaiting(report) {
  const signal = AbortSignal.timeout(WAIT_LONG_MS);
  const token = await askToken(signal);
  // Only where there is a server it cannot be changed any more.
  await keepReport({ ...report, state: "sending" });
  return post(report, await photosOf(report.key), { token, signal, redirect: "follow" });
}

/** Ask for a token of now: a page that was kept has one of long ago. Throws where no server answers. */
async function askToken(signal) {
  const answer = await fetch("/report-token", { cache: "no-store", signal });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return (await answer.json()).token;
}

/** Post a report as its form does. */
function post({ fields }, photos, { token, signal, redirect }) {
  const body = new FormData();
  for (const [name, value] of [...fields, ...photos]) body.append(name, value);
  body.set("csrf_token", token);
  return fetch("/", { method: "POST", body, redirect, signal });
}

async function wait(report, response) {
  const tries = report.tries + 1;
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
  await keepReport({ ...report, state: "waiting", tries, next: Date.now() + pause, status: response?.status });
  await self.registration.sync?.register("reports").catch(() => {});
}

/** Whether the same report may be taken a little later: the server is away, broken or asks for a pause. */
const mayPass = (status) => status >= 500 || status === TOO_MANY;

const texts = (form) => [...form].filter(([name, value]) => typeof value === "string" && !NOT_KEPT.has(name));

function sentAs({ fields }, address) {
  const typed = new Map(fields);
  const number = new URL(address).pathname.split("/").pop();
  return { number, service: typed.get("service"), place: typed.get("address") ?? "", at: Date.now() };
}

