// Drag across the part of a photo that nobody should recognise; the numbers in the form say the same.

for (const frame of document.querySelectorAll("[data-redact]")) {
  const { elements } = frame.parentElement.querySelector("[data-redact-form]") ?? {};
  const box = frame.querySelector(".redact__box");
  if (!elements) continue;
  let from;

  const place = (event) => {
    const { left, top, width, height } = frame.getBoundingClientRect();
    const part = (at, size) => Math.min(100, Math.max(0, (100 * at) / size));
    return { x: part(event.clientX - left, width), y: part(event.clientY - top, height) };
  };

  frame.addEventListener("pointerdown", (event) => {
    from = place(event);
    frame.closest("section").querySelector("details").open = true;
    frame.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  frame.addEventListener("pointermove", (event) => {
    if (!from) return;
    const to = place(event);
    const part = { x: Math.min(from.x, to.x), y: Math.min(from.y, to.y), w: Math.abs(to.x - from.x), h: Math.abs(to.y - from.y) };
    for (const [name, value] of Object.entries(part)) elements[name].value = value.toFixed(1);
    box.hidden = false;
    Object.assign(box.style, { left: `${part.x}%`, top: `${part.y}%`, width: `${part.w}%`, height: `${part.h}%` });
  });
  for (const end of ["pointerup", "pointercancel"]) {
    frame.addEventListener(end, () => {
      from = undefined;
    });
  }
}
