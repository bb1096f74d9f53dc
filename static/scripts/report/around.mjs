// What is around the pin: what others reported, what was done lately, and things that can be tapped, such as street lights.

import * as L from "leaflet";
import { drawTickets, pinOf } from "../map/tickets.mjs";

const NEAR_ZOOM = 15.5;
const ASSETS_ZOOM = 17.5;

/** `pick({lat, lon, service, label})` is called for an asset; `join(id, label)` for a ticket that somebody sees too. */
export function startAround(page, map, { pick, join }) {
  const say = JSON.parse(page.dataset.words);
  const { near, icons } = page.dataset;
  const doneLately = L.layerGroup().addTo(map);
  const assets = L.layerGroup().addTo(map);
  const card = page.querySelector("[data-seen]");
  const list = page.querySelector("[data-near-list]");
  let asked;

  drawTickets(map, page.dataset.tickets, {
    icon: (service) => page.querySelector(`[name=service][value="${CSS.escape(service)}"] + .tile__face use`)?.getAttribute("href") ?? `${icons}#other`,
    label: (count) => say.problems.replace("{count}", count),
    tap: show,
  });
  map.on("moveend", look);

  /** Where the map stands still: what the tiles do not have. */
  async function look() {
    const zoom = map.getZoom();
    const { lat, lng } = map.getCenter();
    list.href = `${near}?${new URLSearchParams({ lon: lng.toFixed(6), lat: lat.toFixed(6) })}`;
    asked?.abort();
    asked = new AbortController();
    if (zoom < NEAR_ZOOM || !("pinned" in page.dataset)) doneLately.clearLayers();
    else draw(doneLately, `${near}/done`, around(), ({ done }) => done.map(donePin));
    if (zoom < ASSETS_ZOOM) assets.clearLayers();
    else draw(assets, `${near}/assets`, box(), (found) => found.assets.map(asset));
  }

  function around() {
    const center = map.getCenter();
    const reach = map.distance(center, map.getBounds().getNorthEast());
    return { lon: center.lng.toFixed(6), lat: center.lat.toFixed(6), reach: Math.round(reach) };
  }

  function box() {
    const bounds = map.getBounds();
    return { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() };
  }

  async function draw(layer, address, query, markers) {
    try {
      const answer = await fetch(`${address}?${new URLSearchParams(query)}`, { signal: asked.signal });
      const found = answer.ok ? markers(await answer.json()) : [];
      layer.clearLayers();
      for (const marker of found) layer.addLayer(marker);
    } catch {
      // Without a connection the map shows what it has.
    }
  }

  function donePin({ id, lat, lon, icon, name }) {
    const shape = pinOf(`${icons}#${icon}`, "marker--done");
    return L.marker([lat, lon], { icon: shape, title: name, keyboard: false }).on("click", () => show(id));
  }

  function asset(found) {
    const shape = L.divIcon({ className: "asset", iconSize: [24, 24] });
    return L.marker([found.lat, found.lon], { icon: shape, title: found.label, keyboard: false }).on("click", () => pick(found));
  }

  /** Show what is known of a ticket. */
  async function show(id) {
    const { lat, lng } = map.getCenter();
    const answer = await fetch(`${near}/${id}?${new URLSearchParams({ lon: lng, lat })}`).catch(() => null);
    if (!answer?.ok) return;
    card.querySelector("[data-seen-ticket]").innerHTML = await answer.text();
    card.hidden = false;
    page.dataset.looking = "";
  }

  function close() {
    card.hidden = true;
    delete page.dataset.looking;
  }

  card.querySelector("[data-seen-close]").addEventListener("click", close);
  map.on("dragstart click", close);
  card.addEventListener("click", (event) => {
    const link = event.target.closest("[data-see-too]");
    if (!link) return;
    event.preventDefault();
    const { lat, lon, service, label } = link.dataset;
    close();
    join({ id: link.dataset.seeToo, lat: Number(lat), lon: Number(lon), service, label });
  });
}
