// On every page of a crew: whether there is a connection, what waits to be sent, what somebody else changed meanwhile, and new
// urgent work.

import { dropMove, keepMove, movesOf } from "./phone/store.mjs";
import { watchUrgent } from "./phone/urgent.mjs";
import { shrunk } from "./shrunk.mjs";

const ASK_MS = 6000;
const part = document.querySelector("[data-phone]");
const staff = Number(part.dataset.staff);
const words = JSON.parse(part.dataset.words);
const states = JSON.parse(part.dataset.states);
const list = part.querySelector("[data-moves]");
const askUrgent = watchUrgent(part);
let offline = false;
let worker;

start();

async function start() {
  for (const form of document.querySelectorAll("[data-work]")) form.addEventListener("submit", freshKey);
  for (const field of document.querySelectorAll("[data-work] input[type=file]")) field.addEventListener("change", () => shrinkIn(field));
  window.addEventListener("online", ask);
  window.addEventListener("offline", ask);
  document.addEventListener("visibilitychange", ask);
  await showMoves();
  if ("serviceWorker" in navigator) await register();
  await ask();
  setInterval(ask, ASK_MS);
}

async function register() {
  navigator.serviceWorker.addEventListener("message", ({ data }) => data.sent && told(data));
  await navigator.serviceWorker.register("/sw.js");
  worker = (await navigator.serviceWorker.ready).active;
  if (navigator.onLine) worker.postMessage("keep");
}

/** Each form that is sent is a move of its own, also where the page is one that the phone kept. */
function freshKey({ target }) {
  target.elements.key.value = crypto.randomUUID();
}

/** Put smaller photos in place of those chosen, unless others were chosen meanwhile. */
async function shrinkIn(field) {
  const chosen = [...field.files];
  const files = new DataTransfer();
  for (const file of await Promise.all(chosen.map(shrunk))) files.items.add(file);
  const isSame = chosen.length === field.files.length && chosen.every((file, at) => file === field.files[at]);
  if (isSame) field.files = files.files;
}

/** Ask for urgent work, and so whether anybody answers; send what waits as soon as somebody does. */
async function ask() {
  if (document.hidden) return;
  offline = !(await askUrgent());
  const moves = await showMoves();
  if (!offline && moves.some((move) => !move.refusal)) worker?.postMessage("send");
}

/** What the worker tells: moves were sent, or there are more of them. */
async function told({ sent }) {
  await showMoves();
  const [, ticket] = window.location.pathname.match(/^\/crew\/(\d+)$/) ?? [];
  const isShown = ticket ? sent.includes(Number(ticket)) : sent.length > 0;
  if (isShown && !isBeingWritten()) window.location.reload();
}

const isBeingWritten = () =>
  document.querySelector("input[form=many]:checked") !== null ||
  [...document.querySelectorAll("[data-work]")].some((form) =>
    [...form.querySelectorAll("textarea, input[type=file], [name=material]")].some((field) => field.value !== field.defaultValue),
  );

async function showMoves() {
  const moves = await movesOf(staff);
  const waiting = moves.filter((move) => !move.refusal).length;
  const state = offline ? (waiting ? words.offlineWaiting : words.offline) : waiting ? words.waiting : "";
  const line = part.querySelector("[data-state]");
  const said = state.replace("{count}", waiting);
  if (line.textContent !== said) line.textContent = said;
  part.classList.toggle("phone--offline", offline);
  const shown = JSON.stringify(moves.map(({ id, refusal }) => [id, refusal]));
  if (list.dataset.shown !== shown) {
    list.dataset.shown = shown;
    list.replaceChildren(...moves.map(item));
  }
  return moves;
}

function item(move) {
  const made = part.querySelector("template").content.cloneNode(true).firstElementChild;
  const put = (name, text) => {
    const place = made.querySelector(`[data-${name}]`);
    place.textContent = text;
    place.hidden = !text;
  };
  made.querySelector("a").href = `/crew/${move.ticket}`;
  made.querySelector("a").textContent = words.ticket.replace("{number}", move.ticket);
  put("what", states[move.to] ?? move.to);
  put("note", move.note);
  put("photos", move.photos ? words.photos.replace("{count}", move.photos) : "");
  put("refusal", move.refusal ? refusalWords(move.refusal) : "");
  const again = made.querySelector("[data-again]");
  again.hidden = !move.refusal;
  again.addEventListener("click", () => sendAgain(move));
  made.querySelector("[data-drop]").addEventListener("click", () => drop(move));
  made.classList.toggle("phone__move--refused", Boolean(move.refusal));
  return made;
}

function refusalWords({ status, by, message, state, note }) {
  if (status === 409) return words.changed.replace("{by}", by).replace("{state}", state) + (note ? ` “${note}”` : "");
  if (status === 404) return words.gone;
  return message ?? words.refused.replace("{status}", status);
}

/** Send it although something changed: whoever taps has read what. */
async function sendAgain(move) {
  const fields = move.fields.map(([name, value]) => [name, name === "version" && move.refusal.version ? move.refusal.version : value]);
  await keepMove({ ...move, fields, after: move.after && !move.refusal.version, refusal: null });
  await ask();
}

async function drop(move) {
  await dropMove(move.id);
  await showMoves();
  part.querySelector("[data-state]").focus();
}
