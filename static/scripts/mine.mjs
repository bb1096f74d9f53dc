// The reports on this phone: what is not finished or waits to be sent, and the numbers of what was sent.

import { startResident } from "./resident/register.mjs";
import { allReports, allSent, dropReport, dropSent, keepReport, photosOf, reportOf } from "./resident/store.mjs";

const page = document.querySelector("[data-mine]");
const words = JSON.parse(page.dataset.words);
const names = JSON.parse(page.dataset.names);
const news = page.querySelector("[data-news]");
const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
const known = new Set((await allSent()).map(({ number }) => number));
let unreachable = false;
let send;

await show();
window.addEventListener("online", showConnection);
window.addEventListener("offline", showConnection);
offerHome();
send = await startResident(show);

async function show() {
  const [kept, sent] = await Promise.all([allReports(), allSent()]);
  const reports = kept.filter(isWritten);
  const photos = await Promise.all(reports.map(({ key }) => photosOf(key)));
  fill("here", reports.map((report, at) => reportItem(report, photos[at].length)));
  fill("numbers", sent.map(sentItem));
  page.querySelector("[data-none]").hidden = reports.length + sent.length > 0;
  for (const { number } of sent.filter((each) => !known.has(each.number))) {
    known.add(number);
    news.textContent = news.dataset.news.replace("{number}", number);
  }
  // The phone may think that it has a connection while no server answers.
  unreachable = reports.some(({ state, tries, status }) => state === "waiting" && tries > 0 && !status);
  showConnection();
}

/** Whether it is more than a pin that was moved. */
function isWritten({ state, fields }) {
  return state !== "unfinished" || fields.some(([name, value]) => (name === "service" || name === "description") && value);
}

function fill(name, items) {
  const section = page.querySelector(`[data-${name}]`);
  section.hidden = items.length === 0;
  section.querySelector("[data-list]").replaceChildren(...items);
}

/** Make an item of a template: text for each part that has a name, and hide the parts that have none. */
function item(name, texts) {
  const made = page.querySelector(`template[data-${name}]`).content.cloneNode(true).firstElementChild;
  for (const [part, text] of Object.entries(texts)) {
    const place = made.querySelector(`[data-${part}]`);
    place.textContent = text;
    place.hidden = !text;
  }
  return made;
}

function reportItem(report, photos) {
  const typed = new Map(report.fields);
  const made = item("report", {
    what: names[typed.get("service")] ?? "",
    state: report.state === "waiting" && report.status ? words.paused : words[report.state],
    place: typed.get("address") ?? "",
    words: typed.get("description") ?? "",
    photos: photos ? words.photos.replace("{count}", photos) : "",
  });
  made.querySelector("[data-state]").classList.toggle("mine__state--refused", report.state === "refused");
  const button = (name, shown, act) => {
    const found = made.querySelector(`[data-${name}]`);
    found.hidden = !shown;
    found.addEventListener("click", act);
  };
  button("send", report.state === "waiting", () => send?.(true));
  button("look", report.state === "refused", () => post(report));
  button("change", report.state !== "sending", () => change(report.key));
  button("delete", report.state !== "sending", () => remove(report.key));
  return made;
}

function sentItem({ number, service, place, at }) {
  const made = item("number", { what: names[service] ?? "", place, at: day.format(at) });
  const link = made.querySelector("a");
  link.href = `${link.getAttribute("href")}/${number}`;
  link.textContent = number;
  made.querySelector("[data-remove]").addEventListener("click", async () => {
    await dropSent(number);
    await show();
    page.querySelector("#sent").focus();
  });
  return made;
}

/** Take it back to the form, as it was written. */
async function change(key) {
  const report = await reportOf(key);
  if (report && report.state !== "sending") await keepReport({ ...report, state: "unfinished", at: Date.now() });
  window.location.assign("/");
}

async function remove(key) {
  if (!window.confirm(words.sure)) return;
  await dropReport(key);
  await show();
  page.querySelector("#here").focus();
}

/** Send it as its form would: the page that answers says beside each field what is wrong. */
async function post({ key, fields }) {
  const form = Object.assign(document.createElement("form"), { method: "post", action: "/", enctype: "multipart/form-data", hidden: true });
  for (const [name, value] of fields) form.append(Object.assign(document.createElement("input"), { name, value }));
  for (const [name, file] of await photosOf(key)) {
    const input = Object.assign(document.createElement("input"), { type: "file", name });
    const files = new DataTransfer();
    files.items.add(file);
    input.files = files.files;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}

function showConnection() {
  page.querySelector("[data-offline]").hidden = navigator.onLine && !unreachable;
}

/** Where the browser offers to install the site, do so by a button. */
function offerHome() {
  const button = page.querySelector("[data-install]");
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    button.hidden = false;
    button.addEventListener("click", () => event.prompt(), { once: true });
  });
}
