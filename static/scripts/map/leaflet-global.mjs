// protomaps-leaflet expects a global `L`; the build puts this in its place.
import * as L from "leaflet";

export { L };
