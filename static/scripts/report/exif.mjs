// Where a photo was taken, as its camera wrote it (Exif 2.3). JPEG and HEIC keep the same block of tags, only elsewhere in the file.

const MOST_BYTES = 4 * 1024 * 1024;
const MARK = [0x45, 0x78, 0x69, 0x66, 0, 0]; // "Exif" and two zeros
const GPS = 0x8825;
const [LAT_REF, LAT, LON_REF, LON] = [1, 2, 3, 4];

/** Return {lat, lon} in degrees, or null where the file does not say. */
export async function positionOf(file) {
  try {
    const bytes = new Uint8Array(await file.slice(0, MOST_BYTES).arrayBuffer());
    const start = blockIn(bytes);
    return start < 0 ? null : positionIn(new DataView(bytes.buffer, start));
  } catch {
    return null;
  }
}

function blockIn(bytes) {
  for (let at = bytes.indexOf(MARK[0]); at >= 0; at = bytes.indexOf(MARK[0], at + 1)) {
    const order = bytes[at + MARK.length];
    if (MARK.every((byte, i) => bytes[at + i] === byte) && (order === 0x49 || order === 0x4d)) return at + MARK.length;
  }
  return -1;
}

function positionIn(view) {
  const little = view.getUint8(0) === 0x49;
  const short = (at) => view.getUint16(at, little);
  const long = (at) => view.getUint32(at, little);

  /** The tags of a directory: number -> place of its value. */
  function tags(at) {
    const found = new Map();
    for (let i = 0; i < short(at); i++) found.set(short(at + 2 + 12 * i), at + 2 + 12 * i + 8);
    return found;
  }

  function degrees(at) {
    const [d, m, s] = [0, 8, 16].map((step) => long(long(at) + step) / (long(long(at) + step + 4) || 1));
    return d + m / 60 + s / 3600;
  }

  const gps = tags(long(4)).get(GPS);
  if (gps === undefined) return null;
  const place = tags(long(gps));
  if (!place.has(LAT) || !place.has(LON)) return null;
  const sign = (tag, letter) => (String.fromCharCode(view.getUint8(place.get(tag))) === letter ? -1 : 1);
  const lat = degrees(place.get(LAT)) * sign(LAT_REF, "S");
  const lon = degrees(place.get(LON)) * sign(LON_REF, "W");
  const known = Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && (lat !== 0 || lon !== 0);
  return known ? { lat, lon } : null;
}
