// The board: tickets are dragged onto crews. Ticking them and choosing a crew does the same, by keys and without a script.

const form = document.querySelector("[data-give]");
const tickets = [...document.querySelectorAll("[data-ticket]")];
const boxOf = (ticket) => ticket.querySelector("input");

for (const ticket of tickets) {
  ticket.draggable = true;
  ticket.addEventListener("dragstart", (event) => {
    // One that is not ticked goes alone; one that is takes the others along.
    if (!boxOf(ticket).checked) for (const other of tickets) boxOf(other).checked = other === ticket;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", boxOf(ticket).value);
  });
}

for (const crew of document.querySelectorAll("[data-crew]")) {
  const offered = form && [...form.elements.crew.options].some(({ value }) => value === crew.dataset.crew);
  if (!offered) continue;
  crew.addEventListener("dragover", (event) => {
    event.preventDefault();
    crew.classList.add("is-over");
  });
  crew.addEventListener("dragleave", () => crew.classList.remove("is-over"));
  crew.addEventListener("drop", (event) => {
    event.preventDefault();
    form.elements.crew.value = crew.dataset.crew;
    form.requestSubmit();
  });
}
