// For maps made on the server (folium), which bring Leaflet as a global: the base map, and points by address.

import { drawGround } from "./map/ground.mjs";

window.pinward = {
  drawGround,

  /** Fill a heat layer of `map` from `address`, which answers {points: [[lat, lon, weight]]}. */
  async heat(map, layer, address) {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { points } = await answer.json();
    const scale = () => layer.setOptions({ max: hottest(map, points, layer.options.radius + layer.options.blur / 2) });
    scale();
    layer.setLatLngs(points);
    map.on("zoomend", scale);
  },
};

/** Return the most that one glow stands for at this zoom: the whole range of colours is used, however near one looks. */
function hottest(map, points, size) {
  const sums = new Map();
  let most = 1;
  for (const [lat, lon, weight] of points) {
    const { x, y } = map.project([lat, lon]);
    const cell = `${Math.floor(x / size)} ${Math.floor(y / size)}`;
    const sum = (sums.get(cell) ?? 0) + weight;
    sums.set(cell, sum);
    most = Math.max(most, sum);
  }
  return most;
}
