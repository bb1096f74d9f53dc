// The open tickets as vector tiles: far out several are one circle with their number, near by each is a pin.

import { VectorTile } from "@mapbox/vector-tile";
import * as L from "leaflet";
import Protobuf from "pbf";

/** One tile on the screen is as wide as four: so few are asked for. */
const WIDE = 4;

/**
 * Draw the tickets of the tiles at `address` on `map`.
 * `icon(service)` names the picture of a service's pin; `label(count)` are the words of a circle; `tap(id)` is called for a pin.
 */
export function drawTickets(map, address, { icon, label, tap }) {
  const Tickets = L.GridLayer.extend({
    createTile(coords, done) {
      const tile = document.createElement("div");
      tile.pins = L.layerGroup().addTo(map);
      tile.asked = new AbortController();
      fill(tile, coords).then(() => done(null, tile), () => done(null, tile));
      return tile;
    },
  });

  async function fill(tile, { x, y, z }) {
    const zoom = z - Math.log2(WIDE);
    const url = address.replace("{z}", zoom).replace("{x}", x).replace("{y}", y);
    const answer = await fetch(url, { signal: tile.asked.signal });
    if (answer.status !== 200) return;
    const { tickets } = new VectorTile(new Protobuf(await answer.arrayBuffer())).layers;
    for (let i = 0; i < (tickets?.length ?? 0); i++) tile.pins.addLayer(marker(tickets.feature(i), { x, y, zoom }, tickets.extent));
  }

  function marker(feature, tile, extent) {
    const [[at]] = feature.loadGeometry();
    const spot = degrees(tile.x + at.x / extent, tile.y + at.y / extent, tile.zoom);
    const { count = 1, service } = feature.properties;
    if (count > 1) return circle(spot, count);
    return L.marker(spot, { icon: pinOf(icon(service)), keyboard: false }).on("click", () => tap(feature.id));
  }

  function circle(spot, count) {
    const size = 26 + 5 * Math.min(4, Math.log10(count) * 2);
    const shape = L.divIcon({ className: "", iconSize: [size, size], html: `<span class="cluster" aria-hidden="true">${count}</span>` });
    return L.marker(spot, { icon: shape, title: label(count), keyboard: false }).on("click", () => map.setView(spot, map.getZoom() + 2));
  }

  const layer = new Tickets({ tileSize: 256 * WIDE, minZoom: 9, keepBuffer: 0, updateWhenIdle: true, updateWhenZooming: false });
  layer.on("tileunload", ({ tile }) => {
    tile.asked.abort();
    tile.pins.remove();
  });
  return layer.addTo(map);
}

/** The pin of a ticket: its service's picture. */
export function pinOf(picture, kind = "") {
  return L.divIcon({
    className: "",
    iconSize: [28, 28],
    iconAnchor: [14, 32],
    html: `<span class="marker marker--small ${kind}"><svg class="icon" aria-hidden="true"><use href="${picture}"></use></svg></span>`,
  });
}

/** Return latitude and longitude of a spot in tiles of a zoom, Web Mercator. */
function degrees(x, y, zoom) {
  const world = 2 ** zoom;
  const lat = Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / world)));
  return [(lat * 180) / Math.PI, (x / world) * 360 - 180];
}
