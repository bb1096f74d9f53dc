// What the phone keeps for whoever reports from it: reports that are half written or wait to be sent, their photos, and the
// numbers of those that were sent. Nothing here is of staff's work, which phone/store.mjs keeps.

import { openDB } from "idb";

const NAME = "pinward-reports";
let opened;

function open() {
  opened ??= openDB(NAME, 1, {
    upgrade(db) {
      db.createObjectStore("reports", { keyPath: "key" });
      db.createObjectStore("photos");
      db.createObjectStore("sent", { keyPath: "number" });
      db.createObjectStore("known");
    },
  });
  return opened;
}

/**
 * A report is {key, state, at, fields: [[name, value]], tries, next, status}. Its key is that of its form, so that one sent twice
 * is one report. Its state is `unfinished`, `sending`, `waiting` (for a connection) or `refused` (until somebody looks at it).
 */
export const reportOf = async (key) => (await open()).get("reports", key);
export const keepReport = async (report) => (await open()).put("reports", report);

/** Return all reports, the oldest first. */
export async function allReports() {
  return (await (await open()).getAll("reports")).sort((one, other) => one.at - other.at);
}

/** Return the photos of a report: [[name of the field, File]]. */
export const photosOf = async (key) => (await (await open()).get("photos", key)) ?? [];
export const keepPhotos = async (key, photos) => (await open()).put("photos", photos, key);

/** Forget a report and its photos. */
export async function dropReport(key) {
  const both = (await open()).transaction(["reports", "photos"], "readwrite");
  await Promise.all([both.objectStore("reports").delete(key), both.objectStore("photos").delete(key), both.done]);
}

/** A report that was sent is {number, service, place, at}. */
export const keepSent = async (sent) => (await open()).put("sent", sent);
export const dropSent = async (number) => (await open()).delete("sent", number);

/** Return those that were sent, the latest first. */
export async function allSent() {
  return (await (await open()).getAll("sent")).sort((one, other) => other.at - one.at);
}

/** What the worker knows: `kept`, which pages it has. */
export const knownOf = async (name) => (await open()).get("known", name);
export const knowOf = async (name, value) => (await open()).put("known", value, name);
