// What the server packed as small whole numbers (webapp/insight/maps/packing.py and webapp/insight/heat.py).

const PER_DEGREE = 100000;

/** Return the [lat, lon] of each vertex of a line. */
export function vertices(numbers) {
  const found = [];
  let lon = 0;
  let lat = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    lon += numbers[i];
    lat += numbers[i + 1];
    found.push([lat / PER_DEGREE, lon / PER_DEGREE]);
  }
  return found;
}

/** Return [lat, lon, tickets] of each block. */
export function points(step, numbers) {
  const found = [];
  let row = 0;
  let column = 0;
  for (let i = 0; i < numbers.length; i += 3) {
    row += numbers[i];
    column += numbers[i + 1];
    found.push([row * step, column * step, numbers[i + 2]]);
  }
  return found;
}

/** Return what a source tells: it is the address of an answer, or the answer itself. */
export async function told(source) {
  if (typeof source !== "string") return source;
  const answer = await fetch(source, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${source}: ${answer.status}`);
  return answer.json();
}
