// A call at the desk: Enter goes on, the server is asked by itself, and what is typed is kept there all the while.

import { startSearch } from "./report/search.mjs";

const AFTER_TYPING_MS = 900;
const form = document.querySelector("[data-call]");
/** What is asked about a field that is still being typed in can wait. */
const OF_FIELD = { meant: "about", "about-error": "about", places: "address", "address-error": "address" };
const field = (name) => form.elements[name];
let asking;
let busy = false;
let timer;

startSearch(form.querySelector("[data-search=about]"), (found) => {
  field("pick").value = found.pick;
  field("meant").value = field("about").value;
  field("address").focus();
  look().then(() => {
    if (document.activeElement.id === "address" && !field("address").value) form.querySelector("[data-answered]")?.focus();
  });
});
// Whoever types on at once types into the next field, however long the answer takes.
field("about").addEventListener("keydown", (event) => event.key === "Enter" && field("address").focus());
startSearch(form.querySelector("[data-search=address]"), (found) => {
  field("lon").value = found.lon;
  field("lat").value = found.lat;
  field("placed").value = found.label;
  look().then(() => goOn(field("address")));
});

/** Send the form as it is, and show what the server makes of it; what is being typed meanwhile stays. */
async function look(what = "look") {
  clearTimeout(timer);
  asking?.abort();
  const mine = (asking = new AbortController());
  busy = true;
  const body = new FormData(form);
  body.set("do", what);
  try {
    const reply = await fetch(form.action, { method: "POST", body, signal: mine.signal });
    if (reply.ok) show(new DOMParser().parseFromString(await reply.text(), "text/html"));
  } catch (error) {
    // Without a connection the form goes on as it is: sending it will tell.
    if (error.name !== "AbortError") form.dataset.offline = "";
  } finally {
    if (asking === mine) busy = false;
  }
}

function show(page) {
  for (const carried of page.querySelectorAll("[data-carry]")) field(carried.name).value = carried.value;
  for (const name of ["email", "phone", "name"]) field(name).value ||= page.querySelector(`#${name}`).value;
  for (const fresh of page.querySelectorAll("[data-live]")) {
    const part = form.querySelector(`[data-live="${fresh.dataset.live}"]`);
    // Questions that are being answered are the same as long as the service is.
    if ("for" in fresh.dataset && fresh.dataset.for === part.dataset.for) continue;
    if (OF_FIELD[fresh.dataset.live] === document.activeElement.id) continue;
    if (part.innerHTML === fresh.innerHTML || part.contains(document.activeElement)) continue;
    part.innerHTML = fresh.innerHTML;
    if ("for" in fresh.dataset) part.dataset.for = fresh.dataset.for;
  }
}

/** Move the focus to the next stop that has something to type or to choose in it. */
function goOn(from) {
  const stops = [...form.querySelectorAll("[data-stop], [data-live=questions] .usa-form-group")];
  for (const stop of stops) {
    const behind = from.compareDocumentPosition(stop) & Node.DOCUMENT_POSITION_FOLLOWING;
    if (!behind || stop.contains(from)) continue;
    const next = stop.querySelector("input:checked, input:not([type=hidden]), select, textarea, button");
    if (next) return next.focus();
  }
}

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.defaultPrevented) return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-send]"));
  } else if (event.target.matches("input, select")) {
    event.preventDefault();
    goOn(event.target);
  }
});
form.addEventListener("change", (event) => {
  if (event.target.matches("[name=phone], [name=email]")) look("caller");
  else if (event.target.matches("[name=chosen], [name=choice]")) look();
  else later();
});
form.addEventListener("input", later);
form.addEventListener("submit", () => {
  clearTimeout(timer);
  asking?.abort();
});

function later() {
  clearTimeout(timer);
  timer = setTimeout(() => (busy ? later() : look()), AFTER_TYPING_MS);
}

if (!form.querySelector("[aria-invalid]")) field("phone").focus();
else form.querySelector("[aria-invalid]").focus();
