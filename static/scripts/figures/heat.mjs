// A glow for each block that has tickets: of all of a period, or month by month.

import { points, told } from "./packed.mjs";
import { legendOf, offer } from "./views.mjs";

const FRAME_MS = 1200;

/** Offer the heat of all tickets. */
export function heat(map, options, source) {
  const glow = glowOn(map, options);
  let given;
  offer("heat", {
    async show() {
      legendOf("heat");
      glow.add();
      given ??= told(source).then(({ step, blocks }) => points(step, blocks));
      const all = await given;
      glow.draw(all, all);
    },
    hide: () => glow.remove(),
  });
}

/** Offer the heat of each month, with the page's buttons for it. */
export function months(map, options, source) {
  const glow = glowOn(map, options);
  let given;
  offer("months", {
    async show() {
      legendOf("heat");
      glow.add();
      given ??= told(source).then(({ step, months: each }) =>
        each.map(({ label, blocks }) => ({ label, points: points(step, blocks) })),
      );
      steer(legendOf("months"), await given, glow);
    },
    hide() {
      glow.remove();
      legendOf("months")?.dispatchEvent(new Event("stop"));
    },
  });
}

/** Let slider and button choose the month. Nothing moves by itself unless somebody asked for it. */
function steer(controls, frames, glow) {
  const slider = controls.querySelector("input");
  const label = controls.querySelector("output");
  const button = controls.querySelector("button");
  // Of the busiest month, so that months can be compared.
  const most = frames.reduce((a, b) => (sum(b.points) > sum(a.points) ? b : a), { points: [] }).points;
  slider.max = Math.max(frames.length - 1, 0);
  const draw = () => {
    const frame = frames[slider.value];
    glow.draw(frame?.points ?? [], most);
    label.value = frame?.label ?? "";
    slider.setAttribute("aria-valuetext", label.value);
  };
  let clock;
  const stop = () => {
    clearInterval(clock);
    clock = undefined;
    button.setAttribute("aria-pressed", "false");
  };
  const next = () => {
    slider.value = (Number(slider.value) + 1) % frames.length;
    draw();
  };
  if (!controls.dataset.ready) {
    slider.addEventListener("input", () => {
      stop();
      draw();
    });
    button.addEventListener("click", () => {
      if (clock) return stop();
      clock = setInterval(next, FRAME_MS);
      button.setAttribute("aria-pressed", "true");
    });
    controls.addEventListener("stop", stop);
    button.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches || frames.length < 2;
    controls.dataset.ready = "yes";
  }
  draw();
}

const sum = (all) => all.reduce((total, [, , tickets]) => total + tickets, 0);

/** A heat layer that uses the whole range of colours at every zoom. */
function glowOn(map, options) {
  const layer = window.L.heatLayer([], options);
  const size = options.radius + options.blur / 2;
  let scale = [];
  const rescale = () => layer.setOptions({ max: hottest(map, scale, size) });
  return {
    add() {
      layer.addTo(map);
      map.on("zoomend", rescale);
    },
    remove() {
      map.off("zoomend", rescale);
      layer.remove();
    },
    draw(all, comparedTo) {
      scale = comparedTo;
      rescale();
      layer.setLatLngs(all);
    },
  };
}

/** Return the most that one glow stands for at this zoom: the whole range of colours is used, however near one looks. */
function hottest(map, all, size) {
  const sums = new Map();
  let most = 1;
  for (const [lat, lon, weight] of all) {
    const { x, y } = map.project([lat, lon]);
    const cell = `${Math.floor(x / size)} ${Math.floor(y / size)}`;
    const total = (sums.get(cell) ?? 0) + weight;
    sums.set(cell, total);
    most = Math.max(most, total);
  }
  return most;
}
