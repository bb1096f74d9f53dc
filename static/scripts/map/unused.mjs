// Stands in for two libraries that protomaps-leaflet can use and we do not: the looks of other people's tiles
// (@protomaps/basemaps) and archives of tiles (pmtiles). Ours have their own paint rules and come one by one.

export const namedFlavor = () => {
  throw new Error("The base map has its own paint rules: see paint.mjs.");
};
export class PMTiles {}
