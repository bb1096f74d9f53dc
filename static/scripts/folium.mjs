// For maps made on the server (folium), which bring Leaflet as a global: the base map, and what is drawn on it.

import { heat, months } from "./figures/heat.mjs";
import { vertices } from "./figures/packed.mjs";
import { shades } from "./figures/shades.mjs";
import { start } from "./figures/views.mjs";
import { drawGround as drawTiles } from "./map/ground.mjs";

const STREETS = { color: "#a9aeb1", weight: 1, interactive: false };

/** Draw the base map: our tiles, or where there is no network the streets that came with the file. */
function drawGround(map, ground) {
  if (!ground.lines) return drawTiles(map, ground);
  const { L } = window;
  L.polyline(ground.lines.map(vertices), { ...STREETS, renderer: L.canvas() }).addTo(map);
}

window.pinward = { drawGround, heat, months, shades, start };
