// The pages that follow a report: they let the worker send what waits, and note the number of one that was just sent.

import { dropDraft } from "./report/draft.mjs";
import { startResident } from "./resident/register.mjs";
import { keepSent } from "./resident/store.mjs";

const sent = document.querySelector("[data-sent-report]");
if (sent) {
  dropDraft();
  const { sentReport: number, service, place } = sent.dataset;
  keepSent({ number, service, place, at: Date.now() }).catch(() => {});
}
startResident();
