// Every page: light or dark, menus that close, printing, and forms that are sent once.

import { keepTheme, switchTheme } from "./theme.mjs";

keepTheme();
for (const button of document.querySelectorAll("[data-theme-switch]")) {
  button.addEventListener("click", switchTheme);
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}

// A menu closes by a tap beside it, by Escape, and when the focus has left it.
for (const menu of document.querySelectorAll("details[data-closes]")) {
  const close = (event) => menu.contains(event.relatedTarget ?? event.target) || menu.removeAttribute("open");
  document.addEventListener("click", close);
  menu.addEventListener("focusout", (event) => event.relatedTarget && close(event));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  });
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
