// Every page: light or dark, forms that are sent once, and the end of a draft whose report was sent.

import { dropDraft } from "./report/draft.mjs";
import { switchTheme } from "./theme.mjs";

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  button.addEventListener("click", switchTheme);
}

// A second tap while the first is under way would only be noise: the server would answer it with the first answer.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 8000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
});

if (document.querySelector("[data-sent-report]")) dropDraft();
