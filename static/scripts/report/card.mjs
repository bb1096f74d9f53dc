// The card that says what is under the pin: address and side, district, who looks after it, and what to choose where a few metres
// decide.

/** `choose(lat, lon)` is called with the spot that is chosen of several. */
export function placeCard(page, say, choose) {
  const part = (name) => page.querySelector(`[data-place-${name}]`);
  const [address, more, warning, warningText] = ["address", "more", "warning", "warning-text"].map(part);
  const [owner, ownerWords, ownerPhone, ownerUrl] = ["owner", "owner-words", "owner-phone", "owner-url"].map(part);
  const next = page.querySelector("[data-step-what]");
  const card = page.querySelector(".place");
  const spots = page.querySelector("[data-spots]");
  const choices = page.querySelector("[data-spots-choices]");

  function warn(text) {
    warning.hidden = !text;
    warningText.textContent = text ?? "";
  }

  function responsible(who) {
    owner.hidden = !who;
    ownerWords.textContent = who?.words ?? "";
    link(ownerPhone, who?.phone && `tel:${who.phone}`, who?.phone);
    link(ownerUrl, who?.url);
  }

  function ask(question) {
    spots.hidden = !question;
    page.querySelector("[data-spots-asked]").textContent = question?.asked ?? "";
    choices.replaceChildren(...(question?.choices ?? []).map(choice));
  }

  function choice({ label, lat, lon }) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "usa-button usa-button--outline", dir: "auto" });
    button.textContent = label;
    button.addEventListener("click", () => {
      choose(lat, lon);
      next.focus();
    });
    return button;
  }

  return {
    /** Show a place; of one that was `chosen` of several nothing more is asked. */
    place(place, { chosen, label }) {
      address.textContent = place.address ?? (place.placed ? say.noAddress : say.notHere);
      more.textContent = [label, place.side, place.district, place.crew].filter(Boolean).join(" · ");
      warn(place.warning);
      responsible(place.owner);
      ask(chosen ? null : place.spots);
      next.disabled = !place.placed;
      for (const slot of page.querySelectorAll("[data-where]")) slot.textContent = address.textContent;
    },
    unknown() {
      address.textContent = say.offline;
      more.textContent = say.offlineMore;
      next.disabled = false;
      card.setAttribute("aria-busy", "false");
    },
    busy(state) {
      card.setAttribute("aria-busy", String(state));
    },
    message(text) {
      more.textContent = text;
    },
    warn,
  };
}

function link(element, address, words) {
  element.hidden = !address;
  if (address) element.href = address;
  else element.removeAttribute("href");
  if (words) element.textContent = words;
}
