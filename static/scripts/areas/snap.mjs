// What is drawn near a corner or a border of an area, or of the city, is drawn exactly there.

import * as L from "leaflet";

const REACH_PX = 12;

export class Snapper {
  constructor(map) {
    this.map = map;
    this.rings = [];
  }

  /** Learn where areas (with `coordinates`) and the city's border are. */
  know(areas, border) {
    const shapes = [...areas.map(({ coordinates }) => coordinates), ...(border ? [border] : [])];
    this.rings = shapes.flatMap((coordinates) => coordinates.flat());
  }

  /** Return [longitude, latitude] of the corner or the border within reach of a spot, else the spot. `own` are left out. */
  snap(latlng, own = [], more = []) {
    const here = this.map.latLngToLayerPoint(latlng);
    let best = { at: [latlng.lng, latlng.lat], distance: REACH_PX };
    let line = { at: null, distance: REACH_PX };
    for (const ring of [...this.rings, ...more]) {
      for (let i = 0; i < ring.length; i += 1) {
        if (own.some((each) => same(each, ring[i]))) continue;
        const point = this.#point(ring[i]);
        const distance = point.distanceTo(here);
        if (distance < best.distance) best = { at: ring[i], distance };
        if (i === 0 || own.some((each) => same(each, ring[i - 1]))) continue;
        const near = L.LineUtil.closestPointOnSegment(here, this.#point(ring[i - 1]), point);
        const off = near.distanceTo(here);
        if (off < line.distance) line = { at: this.#spot(near), distance: off };
      }
    }
    // A corner is what people aim at, even if the line beside it is a little nearer.
    return best.distance < REACH_PX || !line.at ? best.at : line.at;
  }

  #point([lon, lat]) {
    return this.map.latLngToLayerPoint([lat, lon]);
  }

  #spot(point) {
    const { lat, lng } = this.map.layerPointToLatLng(point);
    return [Number(lng.toFixed(9)), Number(lat.toFixed(9))];
  }
}

const same = (one, other) => one[0] === other[0] && one[1] === other[1];
