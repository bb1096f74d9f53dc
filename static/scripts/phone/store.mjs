// What the phone keeps of a crew: moves that wait to be sent, whose phone it is, and which pages are kept.

import { deleteDB, openDB } from "idb";

const NAME = "pinward";
let opened;

function open() {
  opened ??= openDB(NAME, 1, {
    upgrade(db) {
      db.createObjectStore("moves", { keyPath: "id", autoIncrement: true });
      db.createObjectStore("known");
    },
    // Somebody signs out elsewhere: what holds the store open lets go of it.
    blocking: close,
    terminated: close,
  });
  return opened;
}

async function close() {
  const db = await opened;
  opened = undefined;
  db?.close();
}

/** Return what is known under a name: `staff`, `pages`, `versions`. */
export const known = async (name) => (await open()).get("known", name);
export const know = async (name, value) => (await open()).put("known", value, name);

/** Return somebody's moves, those made first at the top. */
export async function movesOf(staff) {
  return (await (await open()).getAll("moves")).filter((move) => move.staff === staff);
}
export const keepMove = async (move) => (await open()).put("moves", move);
export const dropMove = async (id) => (await open()).delete("moves", id);

/** Forget everything. */
export async function forgetStore() {
  await close();
  await deleteDB(NAME);
}
