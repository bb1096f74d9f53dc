// What a map can show, one at a time. The page's own choice (a select in its form) says which; it also works without us.

const views = new Map();
let shown;

/** Let the choice show something by a name. `view` has show(name) and hide(). */
export function offer(name, view) {
  views.set(name, view);
}

/** Show the first view, and from then on what is chosen. The map's script stands before the rest of the page. */
export function start(first) {
  if (document.readyState !== "loading") return begin(first);
  document.addEventListener("DOMContentLoaded", () => begin(first), { once: true });
}

function begin(first) {
  const choice = document.querySelector("[data-view]");
  turnTo(choice?.value ?? first);
  choice?.addEventListener("change", () => {
    turnTo(choice.value);
    remember(choice);
  });
}

function turnTo(name) {
  const view = views.get(name);
  if (!view) return;
  if (shown !== view) shown?.hide();
  shown = view;
  for (const legend of document.querySelectorAll("[data-legend]")) legend.hidden = true;
  view.show(name);
}

/** Return the page's part for a view, now in sight. */
export function legendOf(name) {
  const legend = document.querySelector(`[data-legend="${name}"]`);
  if (legend) legend.hidden = false;
  return legend;
}

/** Keep the view in the page's address, so that it can be sent, and in what leads on from it. */
function remember(choice) {
  for (const link of document.querySelectorAll("a[data-keeps-view]")) link.href = withView(link.href, choice);
  if (location.protocol.startsWith("http")) history.replaceState(null, "", withView(location.href, choice));
}

function withView(href, choice) {
  const address = new URL(href);
  address.searchParams.set(choice.name, choice.value);
  return address.href;
}
