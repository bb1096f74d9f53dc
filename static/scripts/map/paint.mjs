// How our own tiles are drawn: a quiet map, so that the pin and the tickets are what one sees. One set of colours for light,
// one for dark.

import { CenteredTextSymbolizer, LineLabelSymbolizer, LineSymbolizer, PolygonSymbolizer, exp } from "protomaps-leaflet";

const COLOURS = {
  light: {
    land: "#f3f1ec", water: "#bcd9ea", park: "#d5e6cb", edge: "#b9b2c4",
    street: "#ffffff", casing: "#dcd7cd", broad: "#fdf3d0", broadCasing: "#e3d3a0",
    words: "#4a4f57", halo: "rgba(255,255,255,0.9)", waterWords: "#3f6f8c", parkWords: "#4b6b3c",
  },
  dark: {
    land: "#161c24", water: "#1d3546", park: "#1c2c24", edge: "#514a63",
    street: "#333f4c", casing: "#0f141a", broad: "#4a4a3c", broadCasing: "#0f141a",
    words: "#c3ccd6", halo: "rgba(16,22,29,0.85)", waterWords: "#83b4d2", parkWords: "#8fb585",
  },
};
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const BROAD = new Set(["motorway", "trunk", "primary", "secondary", "arterial", "highway", "collector", "tertiary"]);
const PATHS = new Set(["footway", "path", "steps", "cycleway", "pedestrian", "service", "alley", "track"]);

const classOf = (feature) => feature.props.class ?? "";
const isBroad = (_, feature) => BROAD.has(classOf(feature));
const isPath = (_, feature) => PATHS.has(classOf(feature));
const isStreet = (zoom, feature) => !isBroad(zoom, feature) && !isPath(zoom, feature);
const ofClass = (name) => (_, feature) => classOf(feature) === name;
const line = (color, stops, more = {}) =>
  new LineSymbolizer({ color, width: exp(1.6, stops), lineCap: "round", lineJoin: "round", ...more });

/** Return what protomaps-leaflet needs to draw the base map in light or dark. */
export function look(dark) {
  const c = COLOURS[dark ? "dark" : "light"];
  const streets = { dataLayer: "streets" };
  const zones = { dataLayer: "zones" };
  return {
    backgroundColor: c.land,
    paintRules: [
      { ...zones, symbolizer: new PolygonSymbolizer({ fill: c.park }), filter: ofClass("park") },
      { ...zones, symbolizer: new PolygonSymbolizer({ fill: c.water }), filter: ofClass("water") },
      { ...streets, minzoom: 15, filter: isPath, symbolizer: line(c.casing, [[15, 1], [19, 3]]) },
      { ...streets, minzoom: 14, filter: isStreet, symbolizer: line(c.casing, [[13, 1.2], [16, 5.5], [19, 24]]) },
      { ...streets, filter: isBroad, symbolizer: line(c.broadCasing, [[11, 1.4], [14, 4], [16, 10], [19, 36]]) },
      { ...streets, minzoom: 12, filter: isStreet, symbolizer: line(c.street, [[12, 0.5], [14, 1.2], [16, 4], [19, 21]]) },
      { ...streets, filter: isBroad, symbolizer: line(c.broad, [[11, 0.8], [14, 2.8], [16, 8], [19, 33]]) },
      { ...zones, filter: ofClass("boundary"), symbolizer: new LineSymbolizer({ color: c.edge, width: 1.5, dash: [6, 4] }) },
    ],
    labelRules: [
      { ...zones, minzoom: 14, filter: ofClass("water"), symbolizer: areaName(c.waterWords, c.halo, "italic") },
      { ...zones, minzoom: 15, filter: ofClass("park"), symbolizer: areaName(c.parkWords, c.halo, "normal") },
      { ...streets, minzoom: 13, filter: isBroad, symbolizer: streetName(c, 12.5, 600) },
      { ...streets, minzoom: 15, filter: isStreet, symbolizer: streetName(c, 11.5, 400) },
    ],
  };
}

/** The name of an area, once: each tile has a piece of it and would name it again. */
function areaName(fill, halo, fontStyle) {
  const name = new CenteredTextSymbolizer({ labelProps: ["name"], fill, stroke: halo, width: 3, fontFamily: FONT, fontSize: 12, fontStyle });
  return {
    place(layout, geometry, feature) {
      const once = { deduplicationKey: feature.props.name, deduplicationDistance: 700 };
      return name.place(layout, geometry, feature)?.map((label) => ({ ...label, ...once }));
    },
  };
}

function streetName(c, fontSize, fontWeight) {
  return new LineLabelSymbolizer({
    labelProps: ["name"], fill: c.words, stroke: c.halo, width: 3, fontFamily: FONT, fontSize, fontWeight, repeatDistance: 320,
  });
}
