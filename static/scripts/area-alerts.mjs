// Drawing the area of an alert: corners set by taps, or by keyboard under the middle of the map.

import * as L from "leaflet";
import { makeMap } from "./map/base.mjs";

const form = document.querySelector("[data-alert-form]");
const panel = form.querySelector("[data-draw-map]");
const hint = form.querySelector("[data-draw-hint]");
const words = JSON.parse(hint.dataset.words);
let corners = form.elements.shape.value ? JSON.parse(form.elements.shape.value) : [];
let map;

for (const kind of form.elements.kind) kind.addEventListener("change", open);
form.querySelector("[data-draw-back]").addEventListener("click", () => set(corners.slice(0, -1)));
form.querySelector("[data-draw-clear]").addEventListener("click", () => set([]));
open();

/** The map is made when it is wanted first: most people choose their street. */
function open() {
  if (map || form.elements.kind.value !== "drawn") return;
  const { tiles, maxZoom, bounds } = panel.dataset;
  map = makeMap(panel.querySelector(".map__canvas"), { tiles, maxDataZoom: Number(maxZoom) });
  map.sketch = L.layerGroup().addTo(map);
  const { lat, lon } = form.elements;
  if (lat.value && lon.value) map.setView([lat.value, lon.value], 15);
  else map.fitBounds(JSON.parse(bounds));
  map.on("click", ({ latlng }) => add(latlng));
  map.on("keydown", ({ originalEvent }) => press(originalEvent));
  set(corners);
}

function press(event) {
  if (event.key === "Enter") add(map.getCenter());
  else if (event.key === "Backspace") set(corners.slice(0, -1));
  else return;
  event.preventDefault();
}

function add({ lat, lng }) {
  set([...corners, [Number(lng.toFixed(6)), Number(lat.toFixed(6))]]);
}

function set(now) {
  corners = now;
  form.elements.shape.value = corners.length ? JSON.stringify(corners) : "";
  hint.textContent = corners.length ? words.corners.replace("{n}", corners.length) : words.drawing;
  if (corners.length > 2) hint.textContent += ` ${words.ready}`;
  if (!map) return;
  map.sketch.clearLayers();
  const points = corners.map(([lon, lat]) => [lat, lon]);
  L.polygon(points, { className: "sketch-area", interactive: false }).addTo(map.sketch);
  for (const point of points) L.circleMarker(point, { radius: 6, className: "sketch-area", interactive: false }).addTo(map.sketch);
}
