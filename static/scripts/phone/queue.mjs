// Moves that wait to be sent. Each carries its key, so that one sent twice is made once; what the server refuses is kept until
// somebody decides.

import { askToday } from "./pages.mjs";
import { dropMove, keepMove, know, known, movesOf } from "./store.mjs";

const NOT_KEPT = new Set(["csrf_token"]);
const REFUSALS = new Set([400, 403, 404, 409, 413, 422]);
let sending;

/** Keep what was posted to a ticket. */
export async function keepPost(ticket, url, form) {
  const staff = await known("staff");
  const fields = [...form].filter(([name, value]) => !NOT_KEPT.has(name) && !(value instanceof File && !value.name));
  const earlier = (await movesOf(staff)).filter((move) => move.ticket === ticket);
  await keepMove({
    staff,
    ticket,
    url,
    fields,
    to: form.get("to") ?? "follow_up",
    note: form.get("note") || form.get("words") || "",
    photos: fields.filter(([, value]) => value instanceof File).length,
    at: new Date().toISOString(),
    // It was made of a page that did not know of these: it is of the version that they lead to.
    after: earlier.length > 0,
    refusal: null,
  });
}

/** Send what waits, in the order in which it was made. Returns the tickets of what was sent. */
export function sendMoves() {
  sending ??= sendAll().finally(() => {
    sending = undefined;
  });
  return sending;
}

async function sendAll() {
  const staff = await known("staff");
  const moves = await movesOf(staff);
  if (!moves.some((move) => !move.refusal)) return [];
  const today = await askToday();
  // What somebody else left on this phone goes when they are back.
  if (today?.staff !== staff) return [];
  const stuck = new Set();
  const sent = [];
  for (const move of moves) {
    if (move.refusal || stuck.has(move.ticket)) stuck.add(move.ticket);
    else if (await send(move, today.token)) sent.push(move.ticket);
    else stuck.add(move.ticket);
  }
  return sent;
}

/** Send one move; return whether it is done. Throws where nothing answers: then all of them go on waiting. */
async function send(move, token) {
  const versions = (await known("versions")) ?? {};
  const body = new FormData();
  for (const [name, value] of move.fields) body.append(name, value);
  body.set("made_at", move.at);
  if (move.after && versions[move.ticket]) body.set("version", versions[move.ticket]);
  const response = await fetch(move.url, {
    method: "POST",
    body,
    headers: { Accept: "application/json", "X-CSRFToken": token },
  });
  if (response.ok && !response.redirected) {
    const { version } = await response.json();
    if (version) await know("versions", { ...versions, [move.ticket]: version });
    await dropMove(move.id);
    return true;
  }
  if (!REFUSALS.has(response.status)) throw new Error(`the server answered ${response.status}`);
  const told = response.headers.get("Content-Type")?.includes("json") ? await response.json() : {};
  await keepMove({ ...move, refusal: { status: response.status, ...told } });
  return false;
}
