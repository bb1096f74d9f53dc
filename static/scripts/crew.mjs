// The crew's tickets on the map, and the switch between list and map.

import * as L from "leaflet";
import { watchTicks } from "./many.mjs";
import { goTo, locate, makeMap } from "./map/base.mjs";

const panes = document.querySelector(".panes");
const section = document.querySelector("[data-map]");
const markers = section ? JSON.parse(section.dataset.markers) : [];
const known = new Set(section?.dataset.iconNames.split(" "));
let map;

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => show(button.dataset.show));
}
document.querySelector("[data-distance]").addEventListener("change", findMe);
watchTicks();
if (section) start();

/** Put where the phone is into the form, so that a distance means something. */
function findMe({ target }) {
  if (!target.value || !navigator.geolocation) return;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      setField(target.form, "lon", coords.longitude.toFixed(5));
      setField(target.form, "lat", coords.latitude.toFixed(5));
    },
    () => {
      target.value = "";
    },
  );
}

function setField(form, name, value) {
  const field = form.elements[name] ?? form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name }));
  field.value = value;
}

function start() {
  map = makeMap(section.querySelector(".map__canvas"), {
    tiles: section.dataset.tiles,
    maxDataZoom: Number(section.dataset.maxZoom),
  });
  map.fitBounds(L.latLngBounds(markers.map(({ lat, lon }) => [lat, lon])).pad(0.1), { animate: false, maxZoom: 16 });
  for (const ticket of markers) {
    const label = [ticket.name, ticket.place].filter(Boolean).join(", ");
    L.marker([ticket.lat, ticket.lon], { icon: icon(ticket), title: label, alt: label, riseOnHover: true })
      .addTo(map)
      .on("click", () => window.location.assign(ticket.url));
  }
  section.querySelector("[data-locate]").addEventListener("click", () => {
    locate(map, (lat, lon) => goTo(map, lat, lon, 16), () => {});
  });
}

function icon(ticket) {
  const name = known.has(ticket.icon) ? ticket.icon : "other";
  return L.divIcon({
    className: "",
    iconSize: [34, 34],
    iconAnchor: [17, 38],
    html: `<span class="marker${ticket.late ? " marker--late" : ""}"><svg class="icon" aria-hidden="true"><use href="${section.dataset.icons}#${name}"></use></svg></span>`,
  });
}

function show(side) {
  panes.dataset.shown = side;
  for (const button of document.querySelectorAll("[data-show]")) {
    button.setAttribute("aria-pressed", String(button.dataset.show === side));
  }
}
