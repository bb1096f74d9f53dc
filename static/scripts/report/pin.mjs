// The map under the pin: where the pin is, what is there, and who looks after it.

import { goTo, locate, makeMap } from "../map/base.mjs";

const WHILE_MOVING_MS = 350;
const AFTER_MOVING_MS = 120;
const CLOSE_ENOUGH = 17;

export function startPin(page, form, { placed }) {
  const section = page.querySelector("[data-map]");
  const canvas = section.querySelector(".map__canvas");
  const { words } = page.dataset;
  const say = JSON.parse(words);
  const map = makeMap(canvas, { tiles: page.dataset.tiles, maxDataZoom: Number(page.dataset.maxZoom) });
  const show = placeCard(page, say);
  let request;
  let timer;
  let chosen = false;
  let moving = false;
  let lastAsked = 0;

  map.fitBounds(JSON.parse(page.dataset.bounds), { animate: false });
  if (page.dataset.center) map.setView(JSON.parse(page.dataset.center), 16, { animate: false });

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
        show.place(place);
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

  map.on("dragstart", pinned);
  map.on("keydown", (event) => event.originalEvent.key.startsWith("Arrow") && pinned());
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

  function moveTo(lat, lon, zoom = CLOSE_ENOUGH) {
    pinned();
    goTo(map, lat, lon, zoom);
  }

  for (const button of page.querySelectorAll("[data-locate]")) {
    button.addEventListener("click", () => {
      show.message(say.locating);
      locate(map, (lat, lon) => moveTo(lat, lon, 18), () => show.message(say.noLocation));
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

  return { moveTo, restore };
}

/** The card that says what is under the pin. */
function placeCard(page, say) {
  const part = (name) => page.querySelector(`[data-place-${name}]`);
  const [address, more, warning, warningText] = ["address", "more", "warning", "warning-text"].map(part);
  const next = page.querySelector("[data-step-what]");
  const card = page.querySelector(".place");

  function warn(text) {
    warning.hidden = !text;
    warningText.textContent = text ?? "";
  }

  return {
    place(place) {
      address.textContent = place.address ?? (place.placed ? say.noAddress : say.notHere);
      more.textContent = [place.district, place.crew].filter(Boolean).join(" · ");
      warn(place.warning);
      next.disabled = !place.placed;
      for (const slot of page.querySelectorAll("[data-where]")) slot.textContent = address.textContent;
    },
    unknown() {
      address.textContent = say.offline;
      more.textContent = say.offlineMore;
      next.disabled = false;
      card.setAttribute("aria-busy", "false");
    },
    busy(state) {
      card.setAttribute("aria-busy", String(state));
    },
    message(text) {
      more.textContent = text;
    },
  };
}
