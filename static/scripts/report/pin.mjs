// The map under the pin: where the pin is, what is there, and who looks after it.

import * as L from "leaflet";
import { goTo, locate, makeMap } from "../map/base.mjs";
import { placeCard } from "./card.mjs";

const WHILE_MOVING_MS = 350;
const AFTER_MOVING_MS = 120;
const CLOSE_ENOUGH = 17;
/** A position known no better than this is not shown to be the spot. */
const COARSE_M = 75;
const REFUSED = 1;
const TOO_SLOW = 3;

export function startPin(page, form, { placed }) {
  const section = page.querySelector("[data-map]");
  const canvas = section.querySelector(".map__canvas");
  const { words } = page.dataset;
  const say = JSON.parse(words);
  const map = makeMap(canvas, { tiles: page.dataset.tiles, maxDataZoom: Number(page.dataset.maxZoom) });
  const show = placeCard(page, say, choose);
  let request;
  let timer;
  let chosen = false;
  let moving = false;
  let lastAsked = 0;
  /** What was chosen where the pin is now: an asset's label, or that of several spots it is this one. */
  let picked = {};
  let note = "";

  map.setView(JSON.parse(page.dataset.center), 16, { animate: false });

  function ask() {
    const { lat, lng } = map.getCenter().wrap();
    timer = undefined;
    lastAsked = Date.now();
    request?.abort();
    request = new AbortController();
    const service = new FormData(form).get("service") ?? "";
    const query = new URLSearchParams({ lon: lng.toFixed(6), lat: lat.toFixed(6), service });
    fetch(`${page.dataset.here}?${query}`, { signal: request.signal })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
      .then((place) => {
        show.place(place, picked);
        if (note) show.warn(note);
        show.busy(moving || timer !== undefined);
        placed();
      })
      .catch((error) => {
        if (error.name !== "AbortError") show.unknown();
      });
  }

  function pinned() {
    chosen = true;
    page.dataset.pinned = "";
  }

  /** The pin was moved by hand: what was chosen before does not hold there. */
  function freed() {
    pinned();
    picked = {};
    note = "";
  }

  map.on("dragstart", () => {
    freed();
    // The address that was searched for is not where the pin goes now.
    form.elements.address.value = "";
  });
  map.on("keydown", (event) => event.originalEvent.key.startsWith("Arrow") && freed());
  map.on("movestart zoomstart", () => {
    moving = true;
    section.classList.add("is-moving");
  });
  map.on("move", () => {
    moved(Date.now() - lastAsked > WHILE_MOVING_MS ? 0 : WHILE_MOVING_MS);
  });
  map.on("moveend", () => {
    moving = false;
    section.classList.remove("is-moving");
    moved(AFTER_MOVING_MS);
  });

  /** Note where the pin is now, and ask about it in a moment. */
  function moved(wait) {
    if (!chosen) return;
    const { lat, lng } = map.getCenter().wrap();
    form.elements.lat.value = lat.toFixed(6);
    form.elements.lon.value = lng.toFixed(6);
    show.busy(true);
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  }
  // A tap on the map brings the pin there.
  map.on("click", (event) => moveTo(event.latlng.lat, event.latlng.lng, Math.max(map.getZoom(), 16)));
  dragPin(section, map, (at) => moveTo(at.lat, at.lng, map.getZoom()));

  function moveTo(lat, lon, zoom = CLOSE_ENOUGH, what = {}) {
    freed();
    picked = what;
    goTo(map, lat, lon, zoom);
  }

  /** Of several spots that the pin may mean, it is this one. */
  function choose(lat, lon) {
    moveTo(lat, lon, Math.max(map.getZoom(), CLOSE_ENOUGH), { chosen: true });
  }

  for (const button of page.querySelectorAll("[data-locate]")) {
    button.addEventListener("click", () => {
      show.message(say.locating);
      locate(
        map,
        (lat, lon, metres) => {
          const coarse = metres > COARSE_M;
          moveTo(lat, lon, coarse ? 16 : 18);
          if (coarse) note = say.coarse.replace("{metres}", Math.round(metres));
        },
        (error) => {
          const why = { [REFUSED]: say.refused, [TOO_SLOW]: say.slow }[error?.code] ?? say.noLocation;
          show.message(why);
        },
      );
    });
  }

  /** Put the pin where the form says it was, after an error or from a draft. */
  function restore() {
    const [lat, lon] = [Number(form.elements.lat.value), Number(form.elements.lon.value)];
    if (!form.elements.lat.value || !Number.isFinite(lat) || !Number.isFinite(lon)) return;
    pinned();
    map.setView([lat, lon], 18, { animate: false });
    ask();
  }

  return { map, moveTo, restore, picked: () => picked.service };
}

/** The pin can be dragged by its head; then the map comes after it. */
function dragPin(section, map, done) {
  const pin = section.querySelector(".pin");
  const grip = pin.querySelector(".pin__grip");
  let from;

  grip.addEventListener("pointerdown", (event) => {
    from = [event.clientX, event.clientY];
    grip.setPointerCapture(event.pointerId);
    pin.classList.add("is-dragged");
  });
  grip.addEventListener("pointermove", (event) => {
    if (from) pin.style.translate = `${event.clientX - from[0]}px ${event.clientY - from[1]}px`;
  });
  const end = (event) => {
    if (!from) return;
    const by = L.point(event.clientX - from[0], event.clientY - from[1]);
    from = undefined;
    pin.style.translate = "";
    pin.classList.remove("is-dragged");
    if (event.type === "pointerup" && by.distanceTo([0, 0]) > 3) done(map.containerPointToLatLng(map.getSize().divideBy(2).add(by)));
  };
  grip.addEventListener("pointerup", end);
  grip.addEventListener("pointercancel", end);
}
