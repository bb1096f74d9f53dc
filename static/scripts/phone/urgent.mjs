// Urgent work that came since the page was opened: said beside the list, so that nothing under somebody's finger moves.

/** Return `ask()`, which looks for new urgent work and says whether anybody answered. */
export function watchUrgent(part) {
  const place = part.querySelector("[data-urgent]");
  const words = JSON.parse(part.dataset.words);
  let known = null;
  let tag = "";
  return async () => {
    try {
      const response = await fetch(part.dataset.news, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
      if (response.status === 304) return true;
      if (response.redirected) window.location.reload();
      if (!response.ok) return ![502, 503, 504].includes(response.status);
      tag = response.headers.get("ETag") ?? "";
      const tickets = await response.json();
      known ??= new Set(tickets.map(({ id }) => id));
      for (const ticket of tickets.filter(({ id }) => !known.has(id)).reverse()) {
        known.add(ticket.id);
        place.prepend(line(ticket, words.urgent));
      }
      return true;
    } catch {
      return false;
    }
  };
}

function line(ticket, words) {
  const link = document.createElement("a");
  link.href = ticket.url;
  link.textContent = words.replace("{what}", [ticket.words, ticket.place].filter(Boolean).join(", "));
  const row = document.createElement("p");
  row.append(link);
  return row;
}
