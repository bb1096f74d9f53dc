// The day plan: ordered from where the phone is; by hand also while there is no connection.

const none = document.querySelector("[data-no-place]");
const list = document.querySelector(".stops");
const order = new URLSearchParams(window.location.search).get("order")?.split(",") ?? [];
const idOf = (stop) => stop.id.slice("stop-".length);

if (list && order.length) putInOrder([...list.children]);

document.querySelector("[data-here]").addEventListener("click", () => {
  if (!navigator.geolocation) {
    none.hidden = false;
    return;
  }
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const address = new URL(window.location.href);
      address.searchParams.set("lon", coords.longitude.toFixed(5));
      address.searchParams.set("lat", coords.latitude.toFixed(5));
      address.searchParams.delete("order");
      address.hash = "";
      window.location.assign(address);
    },
    () => {
      none.hidden = false;
    },
    { enableHighAccuracy: true, timeout: 15_000 },
  );
});

/** Put the stops in the order of the address: a page that was kept on the phone has them in another. */
function putInOrder(stops) {
  const place = (stop) => (order.includes(idOf(stop)) ? order.indexOf(idOf(stop)) : order.length);
  const wanted = [...stops].sort((one, other) => place(one) - place(other));
  if (wanted.every((stop, at) => stop === stops[at])) return;
  // What a place has stays in its place: the number, and the ways to exchange it with its neighbours.
  const heads = stops.map((stop) => [stop.querySelector(".stop__number"), stop.querySelector(".stop__moves")]);
  const ids = wanted.map(idOf);
  list.append(...wanted);
  for (const [at, stop] of wanted.entries()) {
    const [number, moves] = heads[at];
    stop.querySelector(".stop__head").prepend(number);
    stop.querySelector(".stop__head").append(moves);
    for (const link of moves.querySelectorAll("a")) link.href = exchanged(link, ids, at, at + Number(link.dataset.move));
  }
  document.querySelector("[data-length]").hidden = true;
  document.getElementById(window.location.hash.slice(1))?.scrollIntoView({ block: "nearest" });
}

/** Return the address of a link with two stops exchanged. */
function exchanged(link, ids, one, other) {
  const changed = [...ids];
  [changed[one], changed[other]] = [ids[other], ids[one]];
  const address = new URL(link.href);
  address.searchParams.set("order", changed.join(","));
  address.hash = `stop-${ids[one]}`;
  return address;
}
