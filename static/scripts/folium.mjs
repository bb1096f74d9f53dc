// For maps made on the server (folium), which bring Leaflet as a global: the base map, and points by address.

import { drawGround } from "./map/ground.mjs";

window.pinward = {
  drawGround,

  /** Fill a heat layer from `address`, which answers {points: [[lat, lon, weight]], max}. */
  async heat(layer, address) {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { points, max } = await answer.json();
    layer.setOptions({ max });
    layer.setLatLngs(points);
  },
};
