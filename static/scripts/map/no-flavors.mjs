// Stands in for @protomaps/basemaps, whose looks are for tiles other than ours.
export const namedFlavor = () => {
  throw new Error("Our base map has its own paint rules: see paint.mjs.");
};
