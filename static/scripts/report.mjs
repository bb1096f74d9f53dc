// The first page: from a pin to a report, one step at a time. Without this script the same form is one long page.

import { startAround } from "./report/around.mjs";
import { watchForDanger } from "./report/danger.mjs";
import { keepDraft } from "./report/draft.mjs";
import { startPhotos } from "./report/photos.mjs";
import { startPin } from "./report/pin.mjs";
import { startSearch } from "./report/search.mjs";
import { startServices } from "./report/services.mjs";
import { startSteps } from "./report/steps.mjs";
import { startEffort, startHeeding, startQuestions } from "./report/tell.mjs";
import { startResident } from "./resident/register.mjs";
import { allReports } from "./resident/store.mjs";

const page = document.querySelector("[data-report]");
const form = page.querySelector("form");
const steps = startSteps(page);
const services = startServices(page, form, steps);
const pin = startPin(page, form, { placed: services.placeChanged });

startSearch(page.querySelector("[data-search]"), (found) => pin.moveTo(found.lat, found.lon, 18));
watchForDanger(page);
startAround(page, pin.map, {
  pick({ lat, lon, service, label }) {
    services.choose(service);
    pin.moveTo(lat, lon, pin.map.getZoom(), { chosen: true, label, service });
  },
  join({ id, lat, lon, service, label }) {
    pin.moveTo(lat, lon, 18, { chosen: true });
    services.join(id, service, label);
  },
});
// What was tapped on the map says already what it is about.
page.querySelector("[data-step-what]").addEventListener("click", (event) => {
  if (!pin.picked()) return;
  event.stopPropagation();
  services.proceed();
});
const questions = page.querySelector("[data-questions]");
startQuestions(form, questions);
startHeeding(form, questions);
const restored = await keepDraft(page, form);
// From here on the report has its key.
startEffort(form);
startPhotos(page, form, { moveTo: (lat, lon) => pin.moveTo(lat, lon, 18), added: () => restored?.fillRest() });
pin.restore();
steps.start(restored);
if (restored) {
  await services.restored();
  restored.fillRest();
}
startResident(showWaiting);
showWaiting();

/** Say when something on this phone is not sent yet. */
async function showWaiting() {
  const reports = await allReports().catch(() => []);
  page.querySelector("[data-waiting]").hidden = !reports.some(({ state }) => state === "waiting" || state === "refused");
}
