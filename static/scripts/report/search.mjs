// Type an address, a crossing or a place: a combobox after the ARIA pattern, usable by keyboard and screen reader.

const AFTER_TYPING_MS = 180;

export function startSearch(box, choose) {
  const input = box.querySelector("input");
  const list = box.querySelector("ul");
  const status = box.querySelector("[role=status]");
  const { find, none, found } = box.dataset;
  let results = [];
  let active = -1;
  let timer;
  let request;

  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
  })) input.setAttribute(name, value);

  input.addEventListener("input", () => {
    clearTimeout(timer);
    if (input.value.trim().length < 2) return close();
    timer = setTimeout(ask, AFTER_TYPING_MS);
  });
  input.addEventListener("keydown", (event) => {
    const keys = { ArrowDown: () => mark(active + 1), ArrowUp: () => mark(active - 1), Escape: close, Enter: enter };
    if (!(event.key in keys) || (event.key !== "Enter" && list.hidden)) return;
    event.preventDefault();
    keys[event.key]();
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) pick(Number(option.dataset.index));
  });

  async function ask() {
    request?.abort();
    request = new AbortController();
    try {
      const answer = await fetch(`${find}?${new URLSearchParams({ q: input.value.trim() })}`, { signal: request.signal });
      results = answer.ok ? (await answer.json()).found : [];
    } catch (error) {
      if (error.name === "AbortError") return;
      results = [];
    }
    draw();
  }

  function draw() {
    active = -1;
    list.replaceChildren(...results.map(option));
    list.hidden = results.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
    status.textContent = results.length ? found.replace("{n}", results.length) : none;
    status.classList.toggle("visually-hidden", results.length > 0);
  }

  function option(result, index) {
    const item = document.createElement("li");
    item.id = `${list.id}-${index}`;
    item.className = "search__option";
    item.dataset.index = index;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.textContent = result.label;
    return item;
  }

  function mark(index) {
    active = (index + results.length) % results.length;
    for (const [i, item] of [...list.children].entries()) item.setAttribute("aria-selected", String(i === active));
    list.children[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", list.children[active].id);
  }

  // Enter takes the marked result, or the best one: in a search box it never sends the form.
  async function enter() {
    clearTimeout(timer);
    if (list.hidden) await ask();
    if (results.length) pick(Math.max(active, 0));
  }

  function pick(index) {
    input.value = results[index].label;
    choose(results[index]);
    close();
    status.textContent = "";
  }

  function close() {
    list.hidden = true;
    status.textContent = "";
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
}
