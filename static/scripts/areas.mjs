// The pages of service areas: areas on the map, drawn and tried; every step is kept by the server, whose page is the answer.

import { startKeys } from "./areas/keys.mjs";
import { areaMap } from "./areas/map.mjs";
import { startSketch } from "./areas/sketch.mjs";

const MIDDLE = 16;
const SAID_MS = 8000;
const section = document.querySelector("[data-areas]");
let map;

if (section) start();
refreshWhileAtWork();

function start() {
  map = areaMap(section, { onCorners: sendCorners, onPick: section.hasAttribute("data-pick") ? pickPin : undefined });
  bind();
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-step]") || !window.fetch) return;
    event.preventDefault();
    const form = new FormData(event.target, event.submitter);
    send(form, event.target.getAttribute("action") || window.location.href);
  });
  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => show(button.dataset.show));
  }
}

/** Connect what stands in the panel; it is another one after each step. */
function bind() {
  const panel = document.querySelector("[data-panel]");
  map.draw(JSON.parse(panel.dataset.state));
  const sketch = startSketch(panel, map);
  startKeys(panel, map);
  for (const details of panel.querySelectorAll("[data-area]")) {
    details.addEventListener("toggle", () => details.open && map.choose(details.dataset.area, true));
  }
  map.onChoose = (key) => {
    if (sketch?.drawing()) return;
    const details = panel.querySelector(`[data-area="${CSS.escape(key)}"]`);
    if (details) details.open = true;
  };
  for (const button of panel.querySelectorAll("[data-show-spot]")) {
    button.addEventListener("click", () => {
      show("map");
      map.goTo(...button.dataset.showSpot.split(",").map(Number), MIDDLE);
    });
  }
}

function sendCorners(shapes) {
  const panel = document.querySelector("[data-panel]");
  const form = new FormData();
  form.set("csrf_token", panel.querySelector("[name=csrf_token]").value);
  form.set("step", String(JSON.parse(panel.dataset.state).step));
  form.set("do", "redraw");
  form.set("shapes", JSON.stringify(shapes));
  send(form, window.location.href);
}

/** Take a step: the page that answers replaces the panel. Where nothing answers, the map shows what is kept. */
async function send(form, url) {
  const hint = document.querySelector("[data-hint]");
  const words = hint ? JSON.parse(hint.dataset.words) : {};
  const chosen = map.chosen();
  if (hint) hint.textContent = words.working;
  try {
    const answer = await fetch(url, { method: "POST", body: form });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const panel = page.querySelector("[data-panel]");
    if (!panel) throw new Error(String(answer.status));
    const told = page.querySelector("main > [role=status]");
    document.querySelector("main > [role=status]")?.remove();
    if (told) document.querySelector("main").prepend(told);
    // The panel says the last step too.
    setTimeout(() => told?.remove(), SAID_MS);
    document.querySelector("[data-panel]").replaceWith(panel);
    bind();
    map.choose(chosen, false);
    panel.querySelector("[role=alert]")?.scrollIntoView({ block: "center" });
  } catch {
    bind();
    document.querySelector("[data-hint]").textContent = words.lost;
  }
}

/** On the page that tries a draft, a click on the map is the spot that is asked about. */
function pickPin(lat, lon) {
  const form = document.querySelector("[data-pin-form]");
  form.elements.lat.value = lat.toFixed(6);
  form.elements.lon.value = lon.toFixed(6);
  form.elements.address.value = "";
  form.requestSubmit();
}

function show(side) {
  const panes = document.querySelector(".panes");
  panes.dataset.shown = side;
  for (const button of document.querySelectorAll("[data-show]")) {
    button.setAttribute("aria-pressed", String(button.dataset.show === side));
  }
}

/** A re-assignment at work: look again every few seconds. */
function refreshWhileAtWork() {
  if (!document.querySelector("[data-refresh]")) return;
  setTimeout(async () => {
    try {
      const answer = await fetch(window.location.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("main").replaceWith(page.querySelector("main"));
    } catch {
      // The next look may get through.
    }
    refreshWhileAtWork();
  }, 2000);
}
