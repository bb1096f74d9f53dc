// One step of the form at a time; the browser's Back goes a step back.

const ORDER = ["where", "what", "known", "tell"];

export function startSteps(page) {
  const sections = new Map([...page.querySelectorAll("[data-name]")].map((section) => [section.dataset.name, section]));

  // Without this script each step is a page of its own, and the server is told which.
  page.querySelector("form").elements.step.disabled = true;

  function show(name, { focus = true } = {}) {
    page.dataset.step = name;
    for (const [key, section] of sections) section.classList.toggle("is-current", key === name);
    const sheet = page.querySelector(".sheet");
    sheet.scrollTop = 0;
    if (focus) sections.get(name).querySelector("[data-heading]")?.focus({ preventScroll: true });
  }

  function go(name) {
    history.pushState({ step: name }, "", `#${name}`);
    show(name);
  }

  page.addEventListener("click", (event) => {
    const next = event.target.closest("[data-next]");
    if (next) go(next.dataset.next);
    if (event.target.closest("[data-back]")) history.back();
  });
  window.addEventListener("popstate", (event) => show(event.state?.step ?? "where"));

  /** Show the step to begin with: the one with an error, else where a restored draft stopped, else the first. */
  function start(restored) {
    const wanted = page.dataset.step !== "where" ? page.dataset.step : (restored?.step ?? "where");
    history.replaceState({ step: "where" }, "", location.pathname + location.search);
    const passed = ORDER.slice(1, ORDER.indexOf(wanted)).filter((name) => name !== "known");
    if (wanted !== "where") for (const name of [...passed, wanted]) history.pushState({ step: name }, "", `#${name}`);
    show(wanted, { focus: wanted !== "where" });
    const error = sections.get(wanted).querySelector("[aria-invalid=true]");
    error?.focus();
  }

  return { start, go, current: () => page.dataset.step };
}
