// Danger to life in what somebody types: a call for help comes before anything else. Words of the city file, found as
// `webapp/catalog/danger.py` finds them; here without asking the server, so that it works without a connection too.

const GAPLESS = /[\u3040-\u9fff]/;

/** Show the banner while any of `fields` tells of danger. */
export function watchForDanger(page) {
  const { words, unless } = JSON.parse(page.dataset.danger);
  const banner = page.querySelector("[data-danger-shown]");
  const fields = [...page.querySelectorAll("[data-filter], textarea[name=description]")];

  function tells(text) {
    let said = ` ${plain(text)} `;
    for (const phrase of unless) said = said.replaceAll(phrase, " ");
    return words.some((word) => said.includes(GAPLESS.test(word) ? word : ` ${word}`));
  }

  page.addEventListener("input", (event) => {
    if (!fields.includes(event.target)) return;
    const before = banner.hidden;
    banner.hidden = !fields.some((field) => tells(field.value));
    if (before && !banner.hidden) page.querySelector(".sheet").scrollTop = 0;
  });
}

const plain = (text) => text.normalize("NFC").toLowerCase().replace(/[^\p{L}\p{N}\p{M}]+/gu, " ").trim();
