// The base map: our own vector tiles under a Leaflet map, whoever made that.

import { leafletLayer } from "protomaps-leaflet";
import { isDark, whenThemeChanges } from "../theme.mjs";
import { look } from "./paint.mjs";
import { ourTiles } from "./tiles.mjs";

/** Draw the base map on `map`, and again when the page turns light or dark. `tiles` is their address, with {z}, {x} and {y}. */
export function drawGround(map, { tiles, maxDataZoom }) {
  let layer;
  const paint = () => {
    const before = layer;
    layer = leafletLayer({ url: ourTiles(tiles), maxDataZoom, attribution: "", ...look(isDark()) }).addTo(map);
    before?.remove();
  };
  paint();
  whenThemeChanges(paint);
}
