// What is half written stays on this phone until it is sent: a closed tab, a killed browser or a lost connection loses nothing, not
// even photos. It carries the report's own key, so that a report sent again, when the answer got lost, is still one report.

import { allReports, dropReport, keepPhotos, keepReport, photosOf } from "../resident/store.mjs";

const KEEP_MS = 24 * 60 * 60 * 1000;
const SENT = "pinward-sent";
const NOT_KEPT = new Set(["csrf_token"]);

/** Fill the form from the draft, where there is one, and keep it up to date. Returns the draft that was restored. */
export async function keepDraft(page, form) {
  const wrong = "errors" in page.dataset;
  const draft = wrong ? undefined : await latest();
  const key = form.elements.key;
  // A page that was kept on the phone has an old key: each report needs its own.
  if (!wrong && !draft && window.crypto.randomUUID) key.value = crypto.randomUUID();
  const rest = new Map();
  const restored = draft ? fill(form, draft, rest) : null;
  await showPhotos(form, key.value);

  let leaving = false;
  const save = () => {
    if (leaving || (!form.elements.lat.value && !form.elements.description.value)) return;
    const fields = [...texts(form), ...[...rest].flatMap(([name, values]) => values.map((value) => [name, value]))];
    attempt(keepReport({ key: key.value, state: "unfinished", at: Date.now(), step: page.dataset.step, fields, tries: 0 }));
  };
  form.addEventListener("input", save);
  form.addEventListener("change", (event) => {
    if (event.target.type === "file") attempt(keepPhotos(key.value, photosIn(form)));
    save();
  });
  document.addEventListener("visibilitychange", save);
  form.addEventListener("submit", (event) => {
    attempt(() => sessionStorage.setItem(SENT, key.value));
    // Others may yet hold it back.
    setTimeout(() => {
      leaving = !event.defaultPrevented;
    });
  });
  window.addEventListener("pageshow", (event) => {
    leaving = false;
    // Going back to the form of a report that was sent: the next one is another.
    if (event.persisted && sessionStorage.getItem(SENT) === `${key.value} done`) window.location.replace("/");
  });
  showRestored(page, restored, () => {
    leaving = true;
    return attempt(dropReport(key.value));
  });
  return restored && { ...restored, fillRest: () => fillRest(form, rest) };
}

/** Forget the draft: its report was sent. */
export function dropDraft() {
  attempt(() => {
    const key = sessionStorage.getItem(SENT);
    if (!key || key.endsWith(" done")) return undefined;
    sessionStorage.setItem(SENT, `${key} done`);
    return dropReport(key);
  });
}

async function latest() {
  const found = await attempt(allReports());
  return found?.filter(({ state, at }) => state === "unfinished" && Date.now() - at < KEEP_MS).pop();
}

function showRestored(page, restored, drop) {
  const notice = page.querySelector("[data-restored]");
  notice.hidden = !restored?.words;
  notice.querySelector("button").addEventListener("click", async () => {
    await drop();
    window.location.assign(window.location.pathname);
  });
}

const texts = (form) => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !NOT_KEPT.has(name));
const photosIn = (form) => [...new FormData(form)].filter(([, value]) => value instanceof File && value.name);

/** Put the values of a draft into the form; those whose fields are not there yet into `rest`. */
function fill(form, draft, rest) {
  for (const [name, value] of draft.fields) {
    if (!put(form, name, value)) rest.set(name, [...(rest.get(name) ?? []), value]);
  }
  const words = draft.fields.some(([name, value]) => name === "description" && value.trim());
  return { step: words || draft.step === "tell" ? "tell" : "where", words };
}

/** Fill the questions, which come once it is known what the report is about. */
function fillRest(form, rest) {
  for (const [name, values] of rest) {
    if (values.map((value) => put(form, name, value)).some(Boolean)) rest.delete(name);
  }
}

function put(form, name, value) {
  const field = form.elements[name];
  if (!field) return false;
  const choice = field instanceof RadioNodeList ? [...field].find((item) => item.value === value) : null;
  if (choice) choice.checked = true;
  else if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === value;
  else field.value = value;
  return true;
}

/** Put the photos that are kept into their field again. */
async function showPhotos(form, key) {
  const photos = (await attempt(photosOf(key))) ?? [];
  for (const field of form.querySelectorAll("input[type=file]")) {
    const files = new DataTransfer();
    for (const [name, file] of photos) if (name === field.name) files.items.add(file);
    if (!files.files.length || field.files.length) continue;
    field.files = files.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

/** Do what may fail where storage is full or forbidden: the report works without. */
async function attempt(work) {
  try {
    return await (typeof work === "function" ? work() : work);
  } catch {
    return undefined;
  }
}
