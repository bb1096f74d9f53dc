// Ground drawn corner by corner, which then goes to an area, an old one or a new one.

import * as L from "leaflet";
import { named } from "./map.mjs";

export function startSketch(panel, areaMap) {
  const button = panel.querySelector("[data-draw]");
  if (!button) return undefined;
  const { map, snapper } = areaMap;
  const form = panel.querySelector("[data-ground]");
  const hint = panel.querySelector("[data-hint]");
  const words = JSON.parse(hint.dataset.words);
  const [finish, cancel] = ["finish", "cancel"].map((name) => panel.querySelector(`[data-${name}]`));
  // The panel is another one after each step; what was drawn for the one before goes with it.
  areaMap.sketch?.remove();
  const sketch = (areaMap.sketch = L.layerGroup().addTo(map));
  let corners = [];
  let on = false;

  areaMap.quiet(false);
  say();
  map.off("click", areaMap.sketchClick).off("corners", areaMap.sketchCorners).off("keydown", areaMap.sketchKey);
  areaMap.sketchCorners = () => !on && say();
  areaMap.sketchClick = ({ latlng }) => on && add(latlng);
  areaMap.sketchKey = ({ originalEvent }) => on && press(originalEvent.key);
  map.on("click", areaMap.sketchClick).on("corners", areaMap.sketchCorners).on("keydown", areaMap.sketchKey);
  button.addEventListener("click", () => begin());
  cancel.addEventListener("click", () => end());
  finish.addEventListener("click", () => done());
  form.elements.to.addEventListener("change", () => {
    form.querySelector("[data-new]").hidden = form.elements.to.value !== "";
  });
  form.elements.new_name.addEventListener("input", suggestId);

  function begin() {
    end();
    on = true;
    areaMap.quiet(true);
    map.getContainer().classList.add("is-drawn-on");
    document.querySelector(".panes").dataset.shown = "map";
    button.setAttribute("aria-pressed", "true");
    cancel.hidden = false;
    hint.textContent = words.drawing;
  }

  function end() {
    on = false;
    corners = [];
    sketch.clearLayers();
    areaMap.quiet(false);
    map.getContainer().classList.remove("is-drawn-on");
    button.setAttribute("aria-pressed", "false");
    finish.hidden = cancel.hidden = form.hidden = true;
    say();
  }

  function add(latlng) {
    const at = snapper.snap(latlng, [], corners.length > 2 ? [[corners[0]]] : []);
    const [first] = corners;
    if (first && at[0] === first[0] && at[1] === first[1]) {
      if (corners.length > 2) done();
      return;
    }
    corners.push(at);
    finish.hidden = corners.length < 3;
    redraw(false);
  }

  /** By keyboard the map moves under the cross in its middle. */
  function press(key) {
    if (key === "Enter") add(map.getCenter());
    else if (key === "Escape") end();
    else if (key === "Backspace") {
      corners.pop();
      finish.hidden = corners.length < 3;
      redraw(false);
    }
  }

  function redraw(closed) {
    sketch.clearLayers();
    const spots = corners.map(([lon, lat]) => [lat, lon]);
    const [ink, fill] = ["ink", "warning"].map(named);
    const look = { color: ink, weight: 3, dashArray: "2 6", interactive: false };
    (closed ? L.polygon(spots, { ...look, fillColor: fill, fillOpacity: 0.35 }) : L.polyline(spots, look)).addTo(sketch);
    for (const spot of spots) L.circleMarker(spot, { radius: 5, color: ink, fillColor: fill, fillOpacity: 1, interactive: false }).addTo(sketch);
  }

  function done() {
    on = false;
    map.getContainer().classList.remove("is-drawn-on");
    redraw(true);
    finish.hidden = true;
    button.setAttribute("aria-pressed", "false");
    hint.textContent = words.drawn;
    form.elements.shape.value = JSON.stringify([[[...corners, corners[0]]]]);
    form.hidden = false;
    document.querySelector(".panes").dataset.shown = "list";
    form.elements.to.focus();
  }

  function say() {
    hint.textContent = areaMap.tooMany ? words.far : words.idle;
  }

  /** An id is made of the name until somebody writes one. */
  function suggestId() {
    const { new_id: id, new_name: name } = form.elements;
    if (id.dataset.own) return;
    id.value = name.value.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40);
  }
  form.elements.new_id.addEventListener("input", (event) => {
    event.target.dataset.own = "yes";
  });

  return { drawing: () => on };
}
