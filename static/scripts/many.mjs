// Tickets ticked in a list: what may be done with them appears when there are any.

const form = document.querySelector("[data-many]");
const boxes = [...document.querySelectorAll("input[form=many]")];
const said = form?.querySelector("[data-ticked]");

/** Follow what is ticked. */
export function watchTicks() {
  if (!form) return;
  for (const box of boxes) box.addEventListener("change", show);
  form.querySelector("[data-all]").addEventListener("click", () => tickAll(true));
  form.querySelector("[data-none]").addEventListener("click", () => tickAll(false));
  // Going back in the browser, what was ticked is ticked again.
  window.addEventListener("pageshow", show);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && boxes.some((box) => box.checked)) tickAll(false);
  });
}

function tickAll(checked) {
  for (const box of boxes) box.checked = checked;
  show();
  if (!checked) boxes[0].focus();
}

function show() {
  const count = boxes.filter((box) => box.checked).length;
  form.classList.toggle("is-open", count > 0);
  said.textContent = count ? said.dataset.words.replace("{count}", count) : "";
}
