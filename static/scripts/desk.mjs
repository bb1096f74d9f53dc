// Keys of the desk: a letter presses the button that shows it, while the focus is inside the pair and not in a field.

const pair = document.querySelector("[data-pair]");
pair.focus({ preventScroll: true });
pair.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, select, textarea")) return;
  const button = pair.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});
