// Areas on the map: a colour each, the chosen one with its corners. A corner belongs to all areas that have it there, so that
// moving it moves every border at it, and nothing opens between neighbours.

import * as L from "leaflet";
import { goTo, makeMap } from "../map/base.mjs";
import { whenThemeChanges } from "../theme.mjs";
import { Snapper } from "./snap.mjs";

const COLOURS = 8;
const MOST_CORNERS = 250;

export function areaMap(section, { onCorners, onPick }) {
  const editable = section.hasAttribute("data-editable");
  const map = makeMap(section.querySelector(".map__canvas"), {
    tiles: section.dataset.tiles,
    maxDataZoom: Number(section.dataset.maxZoom),
  });
  map.doubleClickZoom.disable();
  map.fitBounds(JSON.parse(section.dataset.bounds), { animate: false });
  const layers = { shapes: L.layerGroup().addTo(map), marks: L.layerGroup().addTo(map), corners: L.layerGroup().addTo(map) };
  const snapper = new Snapper(map);
  const polygons = new Map();
  let shown;
  let areas = [];
  let chosen = null;
  let moving = false;

  const me = { map, snapper, draw, choose, chosen: () => chosen, onChoose: () => {}, onChosen: () => {}, quiet, goTo: (...spot) => goTo(map, ...spot), corners: cornersOfChosen, preview, commit, moved, parted, removed };

  if (onPick) map.on("click", ({ latlng }) => onPick(latlng.lat, latlng.lng));
  map.on("moveend zoomend", () => !moving && drawCorners());
  whenThemeChanges(() => shown && draw(shown));

  function draw(state) {
    shown = state;
    areas = state.areas;
    if (!areas.some(({ id }) => id === chosen)) chosen = null;
    for (const layer of Object.values(layers)) layer.clearLayers();
    polygons.clear();
    if (state.border) L.polygon(turned(state.border), { fill: false, color: named("gray-cool-50"), weight: 2, dashArray: "6 4", interactive: false }).addTo(layers.shapes);
    areas.forEach((area, place) => {
      const polygon = L.polygon(turned(area.coordinates), look(place, area.id)).addTo(layers.shapes);
      polygon.bindTooltip(escaped(area.name), { sticky: true });
      if (!onPick) polygon.on("click", (event) => { me.onChoose(area.id); if (!me.quieted) L.DomEvent.stop(event); });
      polygons.set(area.id, polygon);
    });
    snapper.know(areas, state.border);
    for (const at of [...(state.faults ?? []), ...(state.problem ? [state.problem] : [])]) {
      L.circleMarker(at, { radius: 10, color: named("error-dark"), weight: 3, fillOpacity: 0.2, interactive: false }).addTo(layers.marks);
    }
    for (const { at, words } of state.changes ?? []) {
      L.circleMarker(at, { radius: 5, color: named("paper"), weight: 1, fillColor: named("error-dark"), fillOpacity: 0.9 }).bindTooltip(escaped(words)).addTo(layers.marks);
    }
    if (state.pin) L.circleMarker(state.pin, { radius: 9, color: named("ink"), weight: 3, fillColor: named("warning"), fillOpacity: 1, interactive: false }).addTo(layers.marks);
    if (state.problem) me.goTo(...state.problem, Math.max(map.getZoom(), 16));
    drawCorners();
  }

  function look(place, key) {
    const own = key === chosen;
    const color = named(`area-${place % COLOURS}`);
    return { color, weight: own ? 4 : 2, fillColor: color, fillOpacity: own ? 0.35 : 0.18 };
  }

  /** Take an area to be worked on; null: none. */
  function choose(key, go) {
    chosen = polygons.has(key) ? key : null;
    areas.forEach((area, place) => polygons.get(area.id).setStyle(look(place, area.id)));
    if (chosen && go) map.fitBounds(polygons.get(chosen).getBounds(), { animate: false, padding: [24, 24] });
    drawCorners();
    me.onChosen();
  }

  /** While something is drawn, areas take no clicks and show no corners. */
  function quiet(on) {
    me.quieted = on;
    drawCorners();
  }

  function drawCorners() {
    layers.corners.clearLayers();
    if (!editable || !chosen || me.quieted) return;
    const view = map.getBounds();
    const rings = ringsOfChosen();
    const seen = rings.flat().filter(([lon, lat]) => view.contains([lat, lon]));
    me.tooMany = seen.length > MOST_CORNERS;
    map.fire("corners");
    if (me.tooMany) return;
    for (const ring of rings) {
      ring.forEach((at, i) => {
        const next = ring[(i + 1) % ring.length];
        if (view.contains([at[1], at[0]])) corner(at);
        const middle = [(at[0] + next[0]) / 2, (at[1] + next[1]) / 2];
        if (view.contains([middle[1], middle[0]]) && far(at, next)) between(at, next, middle);
      });
    }
  }

  const far = (one, other) => map.latLngToLayerPoint([one[1], one[0]]).distanceTo(map.latLngToLayerPoint([other[1], other[0]])) > 28;

  /** A corner that can be moved; a double click removes it. */
  function corner(at) {
    const marker = handle(at, "corner");
    marker.on("dblclick", () => commit(removed(at)));
    drag(marker, [at], (to) => moved(at, to));
  }

  /** A place between two corners: moved, it becomes a corner. */
  function between(one, other, middle) {
    drag(handle(middle, "corner corner--new"), [], (to) => parted(one, other, to));
  }

  function ringsOfChosen() {
    const area = areas.find(({ id }) => id === chosen);
    return area ? area.coordinates.flatMap((polygon) => polygon.map(open)) : [];
  }

  /** Return each corner of the chosen area with the one after it. */
  function cornersOfChosen() {
    return ringsOfChosen().flatMap((ring) => ring.map((at, i) => ({ at, next: ring[(i + 1) % ring.length] })));
  }

  // Each returns the areas that such a change changes.
  function moved(at, to) {
    return changed((ring) => ring.map((each) => (same(each, at) ? to : each)));
  }

  function removed(at) {
    return changed((ring) => (ring.length > 3 && ring.some((each) => same(each, at)) ? ring.filter((each) => !same(each, at)) : ring));
  }

  /** A new corner between two becomes one of every area with that border. */
  function parted(one, other, to) {
    return changed((ring) =>
      ring.flatMap((each, i) => {
        const next = ring[(i + 1) % ring.length];
        const here = (same(each, one) && same(next, other)) || (same(each, other) && same(next, one));
        return here ? [each, to] : [each];
      }),
    );
  }

  function handle([lon, lat], className) {
    return L.marker([lat, lon], { icon: L.divIcon({ className, iconSize: [16, 16] }), draggable: true, keyboard: false, autoPan: true }).addTo(layers.corners);
  }

  function drag(marker, own, shapesWith) {
    let to;
    marker.on("dragstart", () => { moving = true; });
    marker.on("drag", () => {
      to = snapper.snap(marker.getLatLng(), own);
      marker.setLatLng([to[1], to[0]]);
      preview(shapesWith(to));
    });
    marker.on("dragend", () => {
      moving = false;
      if (to) commit(shapesWith(to));
    });
  }

  /** Show areas as they would be. */
  function preview(shapes) {
    for (const { id, coordinates } of areas) polygons.get(id).setLatLngs(turned(shapes[id] ?? coordinates));
  }

  /** Return the coordinates of each area of which a change of its rings changes something. */
  function changed(change) {
    const found = {};
    for (const area of areas) {
      let touched = false;
      const coordinates = area.coordinates.map((polygon) =>
        polygon.map((ring) => {
          const before = open(ring);
          const after = change(before);
          touched ||= after.length !== before.length || after.some((at, i) => !same(at, before[i]));
          return [...after, after[0]];
        }),
      );
      if (touched) found[area.id] = coordinates;
    }
    return found;
  }

  function commit(shapes) {
    if (Object.keys(shapes).length) onCorners(shapes);
  }

  return me;
}

/** Return a colour of the page by its name: light or dark, as the page is. */
export const named = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const same = (one, other) => one[0] === other[0] && one[1] === other[1];
const open = (ring) => ring.slice(0, -1);
const turned = (coordinates) => coordinates.map((polygon) => polygon.map((ring) => ring.map(([lon, lat]) => [lat, lon])));

function escaped(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span.innerHTML;
}
