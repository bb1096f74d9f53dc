// What is half written stays on this device until it is sent: a closed tab or a lost connection loses nothing. It carries
// the report's own key, so that a report sent again, when the answer got lost, is still one report.

const NAME = "pinward-draft";
const KEEP_MS = 24 * 60 * 60 * 1000;
const NOT_KEPT = new Set(["csrf_token"]);

/** Fill the form from the draft, where there is one, and keep it up to date. Returns the draft that was restored. */
export function keepDraft(page, form) {
  const draft = read();
  const restored = draft && !("errors" in page.dataset) ? fill(form, draft) : null;
  const save = () => {
    if (!form.elements.lat.value && !form.elements.description.value) return;
    const fields = [...new FormData(form)].filter(([name, value]) => !NOT_KEPT.has(name) && typeof value === "string");
    write({ at: Date.now(), step: page.dataset.step, fields });
  };
  form.addEventListener("input", save);
  form.addEventListener("change", save);
  document.addEventListener("visibilitychange", save);
  const notice = page.querySelector("[data-restored]");
  notice.hidden = !restored?.words;
  notice.querySelector("button").addEventListener("click", () => {
    window.localStorage.removeItem(NAME);
    window.location.assign(window.location.pathname);
  });
  return restored;
}

/** Forget the draft: its report was sent. */
export function dropDraft() {
  try {
    window.localStorage.removeItem(NAME);
  } catch {
    // Without storage nothing was kept.
  }
}

function fill(form, draft) {
  for (const [name, value] of draft.fields) {
    const field = form.elements[name];
    if (!field) continue;
    const choice = field instanceof RadioNodeList ? [...field].find((item) => item.value === value) : null;
    if (choice) choice.checked = true;
    else if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === value;
    else field.value = value;
  }
  const words = draft.fields.some(([name, value]) => name === "description" && value.trim());
  return { step: words ? "tell" : "where", words };
}

function read() {
  try {
    const draft = JSON.parse(window.localStorage.getItem(NAME));
    return draft && Date.now() - draft.at < KEEP_MS ? draft : null;
  } catch {
    return null;
  }
}

function write(draft) {
  try {
    window.localStorage.setItem(NAME, JSON.stringify(draft));
  } catch {
    // A full or forbidden storage: the report works without.
  }
}
