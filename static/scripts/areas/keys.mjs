// Corners by keyboard: one control in the panel goes from corner to corner of the chosen area, and moves them.

import * as L from "leaflet";
import { named } from "./map.mjs";

const STEP_PX = 8;
const WAYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export function startKeys(panel, areaMap) {
  const control = panel.querySelector("[data-corner-keys]");
  if (!control) return;
  const { map, snapper } = areaMap;
  const words = JSON.parse(control.dataset.words);
  const told = control.querySelector("[data-told]");
  const ring = (areaMap.ring ??= L.circleMarker([0, 0], { radius: 11, weight: 4, fill: false, interactive: false }));
  // The panel is another one after each step; where somebody was, outlives it.
  const kept = (areaMap.keys ??= { area: null, place: 0, focused: false, back: false });
  let to = null;

  areaMap.onChosen = () => start();
  control.addEventListener("focus", () => { kept.focused = true; start(); });
  control.addEventListener("blur", () => {
    kept.focused = false;
    ring.remove();
    if (to) putBack();
  });
  control.addEventListener("keydown", (event) => {
    if (!press(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  start();
  if (kept.back) control.focus();
  kept.back = false;

  function start() {
    if (kept.area !== areaMap.chosen()) Object.assign(kept, { area: areaMap.chosen(), place: 0 });
    to = null;
    show();
  }

  function current() {
    const corners = areaMap.corners();
    kept.place = Math.min(kept.place, Math.max(corners.length - 1, 0));
    return { ...corners[kept.place], count: corners.length };
  }

  /** Do what a key says; return whether it says anything. */
  function press({ key, shiftKey }) {
    const { at, next, count } = current();
    if (!count) return false;
    if (key in WAYS) nudge(at, WAYS[key], shiftKey ? 1 : STEP_PX);
    else if (key === "PageDown" || key === "PageUp") go((kept.place + (key === "PageDown" ? 1 : count - 1)) % count);
    else if (key === "Enter" && to) keep(areaMap.moved(at, snapper.snap({ lat: to[1], lng: to[0] }, [at])));
    else if (key === "Escape" && to) putBack();
    else if (key === "Delete") keep(areaMap.removed(at));
    else if (key === "Insert") keep(areaMap.parted(at, next, [(at[0] + next[0]) / 2, (at[1] + next[1]) / 2]));
    else return false;
    return true;
  }

  function go(place) {
    if (to) putBack();
    kept.place = place;
    show();
  }

  function nudge(at, [right, down], pixels) {
    const [lon, lat] = to ?? at;
    const point = map.latLngToLayerPoint([lat, lon]).add([right * pixels, down * pixels]);
    const spot = map.layerPointToLatLng(point);
    to = [spot.lng, spot.lat];
    areaMap.preview(areaMap.moved(at, to));
    show();
  }

  function keep(shapes) {
    to = null;
    kept.back = true;
    areaMap.commit(shapes);
  }

  function putBack() {
    to = null;
    areaMap.preview({});
    show();
  }

  /** Say which corner it is and how far it was moved, and show it. */
  function show() {
    const { at, count } = current();
    ring.remove();
    if (!count) {
      told.textContent = words.none;
      return;
    }
    const [lon, lat] = to ?? at;
    const metres = Math.round(map.distance([at[1], at[0]], [lat, lon]));
    const said = to ? words.moved.replace("{metres}", metres) : words.corner;
    told.textContent = said.replace("{number}", kept.place + 1).replace("{count}", count);
    if (!kept.focused) return;
    ring.setLatLng([lat, lon]).setStyle({ color: named("ink") }).addTo(map);
    if (!map.getBounds().pad(-0.1).contains([lat, lon])) map.panTo([lat, lon], { animate: false });
  }
}
