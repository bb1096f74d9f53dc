// Pick what it is about; then the tickets it may repeat, and the questions that come with it.

const PATIENCE_MS = 4000;
const AFTER_TYPING_MS = 150;

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

export function startServices(page, form, steps) {
  const filter = page.querySelector("[data-filter]");
  const groups = [...page.querySelectorAll("[data-group]")];
  const nothing = page.querySelector("[data-nothing]");
  const goOn = page.querySelector("[data-what-next]");
  const known = page.querySelector("[data-known]");
  const questions = page.querySelector("[data-questions]");
  const joined = page.querySelector("[data-joined]");
  const found = page.querySelector("[data-answers]");
  const groupsBox = page.querySelector("[data-groups]");
  let asked = "";
  let timer;

  filter.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, AFTER_TYPING_MS);
  });

  /** Show the services that the words mean: as the server understands them, else those that have all of them. */
  async function find() {
    const words = filter.value.trim();
    const html = words ? await fragment(page.dataset.whatFits, { q: words }) : "";
    if (words !== filter.value.trim()) return;
    found.innerHTML = html;
    const codes = found.querySelector("[data-services]")?.dataset.services.split(" ").filter(Boolean);
    const parts = plain(words).split(/\s+/).filter(Boolean);
    show(codes ? (tile) => codes.indexOf(tile.control.value) : (tile) => (parts.every((word) => plain(tile.dataset.words).includes(word)) ? 0 : -1));
  }

  /** Show the tiles that have a rank; the groups with the best come first. */
  function show(rank) {
    const order = new Map();
    for (const group of groups) {
      const ranks = [...group.querySelectorAll("[data-words]")].map((tile) => {
        const own = rank(tile);
        tile.hidden = own < 0;
        return own < 0 ? Infinity : own;
      });
      order.set(group, Math.min(...ranks));
      group.hidden = order.get(group) === Infinity;
    }
    groupsBox.append(...[...groups].sort((one, other) => order.get(one) - order.get(other) || groups.indexOf(one) - groups.indexOf(other)));
    nothing.hidden = groups.some((group) => !group.hidden);
  }
  filter.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());

  page.addEventListener("change", (event) => {
    if (event.target.name === "service") chosen();
  });
  // A tap goes on by itself; the arrow keys, which also choose, do not.
  page.addEventListener("click", (event) => {
    if (event.target.name === "service" && event.detail > 0) proceed();
  });
  goOn.addEventListener("click", proceed);
  known.addEventListener("click", (event) => {
    const button = event.target.closest("[data-join]");
    if (!button) return;
    event.preventDefault();
    answer(button.dataset.join, button.dataset.label);
  });
  page.querySelector("[data-different]").addEventListener("click", (event) => {
    event.preventDefault();
    answer("", "", shown());
  });

  const shown = () => [...known.querySelectorAll("[data-join]")].map((button) => button.dataset.join);
  const service = () => form.elements.service?.value ?? "";
  const where = () => ({ lon: form.elements.lon.value, lat: form.elements.lat.value });

  function chosen() {
    goOn.disabled = !service();
    const tile = form.querySelector("[name=service]:checked");
    for (const slot of page.querySelectorAll("[data-what]")) slot.textContent = tile?.dataset.label ?? "";
  }

  async function proceed() {
    if (!service() || goOn.ariaBusy === "true") return;
    goOn.ariaBusy = "true";
    const [likely] = await Promise.all([fragment(page.dataset.likely, { ...where(), service: service() }), loadQuestions()]);
    goOn.ariaBusy = "false";
    known.innerHTML = likely;
    if (known.querySelector("[data-join]")) steps.go("known");
    else answer("", "");
  }

  async function loadQuestions() {
    if (asked === service()) return;
    asked = service();
    questions.innerHTML = await fragment(page.dataset.askQuestions, { service: asked });
  }

  /** Note which ticket it repeats, or which it does not. */
  function answer(ticket, label, others = []) {
    form.elements.same_as.value = ticket;
    form.elements.different_from.value = others.join(" ");
    joined.hidden = !ticket;
    joined.querySelector("[data-joined-what]").textContent = label;
    steps.go("tell");
  }

  /** Our own server's HTML; nothing where it cannot be had soon: the report can be written all the same. */
  async function fragment(address, query) {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), PATIENCE_MS);
    try {
      const reply = await fetch(`${address}?${new URLSearchParams(query)}`, { signal: giveUp.signal });
      return reply.ok ? await reply.text() : "";
    } catch {
      return "";
    } finally {
      clearTimeout(timer);
    }
  }

  chosen();
  if (questions.children.length) asked = service();
  function choose(code) {
    const tile = form.querySelector(`[name=service][value="${CSS.escape(code)}"]`);
    if (tile) tile.checked = true;
    chosen();
  }

  return {
    placeChanged() {},
    choose,
    proceed,
    /** The report is added to a ticket of this service. */
    async join(ticket, code, label) {
      choose(code);
      await loadQuestions();
      answer(ticket, label);
    },
    async restored() {
      chosen();
      if (service()) await loadQuestions();
    },
  };
}
