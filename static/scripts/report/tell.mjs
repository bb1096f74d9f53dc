// The last step: questions that depend on answers, what others might better not read, and the work of who sends many reports.

/** Ask questions only after the answers that they depend on; those not asked are not sent. */
export function startQuestions(form, questions) {
  function settle() {
    for (const group of questions.querySelectorAll("[data-only-if]")) {
      const { onlyIf, onlyIfAnswers } = group.dataset;
      const answers = JSON.parse(onlyIfAnswers);
      const given = [...form.querySelectorAll(`[name="${onlyIf}"]`)].filter((field) => field.checked && !field.disabled);
      group.hidden = !given.some((field) => answers.includes(field.value));
      for (const field of group.querySelectorAll("input, textarea")) field.disabled = group.hidden;
    }
  }
  questions.addEventListener("change", settle);
  new MutationObserver(settle).observe(questions, { childList: true });
  settle();
}

/** Say while somebody writes what in the text others might better not read. */
export function startHeeding(form, questions) {
  const box = form.querySelector("[data-heeding]");
  const kinds = [...box.querySelectorAll("[data-heed]")].map((words) => [new RegExp(words.dataset.heed), words]);
  const more = box.querySelector("[data-heed-more]");
  const text = form.elements.description;
  form.elements.heeded.value = "1";
  function look() {
    const isPrivate = questions.querySelector("[data-private]");
    let any = false;
    for (const [pattern, words] of kinds) {
      const found = !isPrivate && pattern.test(text.value);
      if (words.hidden === found) words.hidden = !found;
      any ||= found;
    }
    if (more.hidden === any) more.hidden = !any;
  }
  text.addEventListener("input", look);
  new MutationObserver(look).observe(questions, { childList: true });
  look();
}

/** Do the work that the page asks for, beside it, so that it stays quick to use. */
export function startEffort(form) {
  const asked = form.querySelector("[data-effort]");
  if (!asked || !window.Worker) return;
  const button = [...form.querySelectorAll("button.usa-button:not([type=button]):not([name])")].pop();
  const worker = new Worker(asked.dataset.effortScript);
  if (button) button.disabled = true;
  const free = () => button && (button.disabled = false);
  worker.addEventListener("message", ({ data }) => {
    form.elements.work.value = data;
    asked.textContent = asked.dataset.effortDone;
    free();
    worker.terminate();
  });
  worker.addEventListener("error", free);
  worker.postMessage({ key: form.elements.key.value, bits: Number(asked.dataset.effort) });
}
