// Areas coloured by a measure, with the legend of it.

import { told, vertices } from "./packed.mjs";
import { legendOf, offer } from "./views.mjs";

const NOT_SHOWN = { fill: false, dashArray: "2 4", weight: 1, color: "#71767a" };
const SHOWN = { fill: true, fillOpacity: 0.72, dashArray: null, weight: 1, color: "#3d4551" };

/** Offer each of the measures. */
export function shades(map, measures, source) {
  const { L } = window;
  const all = L.featureGroup();
  let given;
  let current;
  const draw = ({ areas, measures: told }) => {
    const measure = told[current];
    all.eachLayer((layer) => {
      const step = measure.steps[layer.number];
      layer.setStyle(step === null ? NOT_SHOWN : { ...SHOWN, fillColor: measure.legend[step][0] });
      const words = () => described(areas[layer.number], measure, layer.number);
      layer.unbindTooltip().bindTooltip(words, { sticky: true });
      layer.unbindPopup().bindPopup(words, { closeButton: false });
    });
    explain(legendOf("shades"), measure);
  };
  const view = {
    async show(measure) {
      current = measure;
      all.addTo(map);
      given ??= told(source).then((found) => {
        found.areas.forEach((area, number) => {
          const layer = L.polygon(area.shape.map((rings) => rings.map(vertices)), SHOWN).addTo(all);
          layer.number = number;
        });
        return found;
      });
      draw(await given);
    },
    hide: () => all.remove(),
  };
  for (const measure of measures) offer(measure, view);
}

function described(area, measure, number) {
  const box = document.createElement("div");
  const name = document.createElement("b");
  name.textContent = area.name;
  const figure = document.createElement("div");
  figure.textContent = `${measure.title}: ${measure.words[number]}`;
  box.append(name, figure);
  if (area.tickets) {
    const link = document.createElement("a");
    link.href = area.tickets;
    link.textContent = area.tickets_words;
    box.append(link);
  }
  return box;
}

/** Write the legend: what each colour stands for. */
function explain(legend, measure) {
  if (!legend) return;
  legend.querySelector("[data-title]").textContent = measure.title;
  const list = legend.querySelector("ul");
  list.replaceChildren(
    ...measure.legend.map(([colour, words]) => {
      const item = document.createElement("li");
      const swatch = document.createElement("i");
      swatch.style.background = colour;
      item.append(swatch, words);
      return item;
    }),
  );
}
