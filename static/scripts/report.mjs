// The first page: from a pin to a report, one step at a time. Without this script the same form is one long page.

import { keepDraft } from "./report/draft.mjs";
import { startPin } from "./report/pin.mjs";
import { startSearch } from "./report/search.mjs";
import { startServices } from "./report/services.mjs";
import { startSteps } from "./report/steps.mjs";
import { startResident } from "./resident/register.mjs";
import { allReports } from "./resident/store.mjs";

const page = document.querySelector("[data-report]");
const form = page.querySelector("form");
const steps = startSteps(page);
const services = startServices(page, form, steps);
const pin = startPin(page, form, { placed: services.placeChanged });

startSearch(page.querySelector("[data-search]"), (found) => pin.moveTo(found.lat, found.lon, 18));
const restored = await keepDraft(page, form);
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
