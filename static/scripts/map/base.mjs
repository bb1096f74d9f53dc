// A Leaflet map of the city, drawn from our own vector tiles.

import * as L from "leaflet";
import { drawGround } from "./ground.mjs";

const reduced = window.matchMedia("(prefers-reduced-motion: reduce)");

/** Make a map in `element`. `tiles` is the address of the vector tiles, with {z}, {x} and {y}. */
export function makeMap(element, { tiles, maxDataZoom, zoomControl = true }) {
  const map = L.map(element, {
    zoomControl: false,
    attributionControl: false,
    minZoom: 9,
    maxZoom: 19,
    zoomSnap: 0.5,
    zoomAnimation: !reduced.matches,
    fadeAnimation: !reduced.matches,
    inertia: !reduced.matches,
  });
  if (zoomControl && window.matchMedia("(min-width: 64em)").matches) {
    L.control.zoom({ position: "topright" }).addTo(map);
  }
  drawGround(map, { tiles, maxDataZoom });
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(element);
  return map;
}

/** Move the map to a spot: gliding, unless the reader asked for no motion. */
export function goTo(map, lat, lon, zoom) {
  if (reduced.matches) map.setView([lat, lon], zoom, { animate: false });
  else map.flyTo([lat, lon], zoom, { duration: 0.6 });
}

/** Show where the device is, with the circle of its accuracy. Calls `done(lat, lon, metres)` or `failed(error)`. */
export function locate(map, done, failed) {
  if (!navigator.geolocation) {
    failed();
    return;
  }
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const spot = [coords.latitude, coords.longitude];
      map.youAreHere?.remove();
      map.youAreHere = L.layerGroup([
        L.circle(spot, { radius: coords.accuracy, stroke: false, fillColor: "#2491ff", fillOpacity: 0.15, interactive: false }),
        L.marker(spot, { icon: L.divIcon({ className: "you", iconSize: [16, 16] }), interactive: false, keyboard: false }),
      ]).addTo(map);
      done(...spot, coords.accuracy);
    },
    failed,
    { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 },
  );
}
