// Photos of a report: shrunk on the phone and sent while the rest is filled in. The file field keeps them all the same: what could
// not be sent goes with the form, and whoever keeps the form for later keeps its files.

import { shrunk } from "../shrunk.mjs";
import { positionOf } from "./exif.mjs";

const FAR_M = 100;
const EARTH_M = 111_320;

export function startPhotos(page, form, { moveTo, added = () => {} }) {
  const box = page.querySelector("[data-photos]");
  const field = form.elements.photos;
  const list = box.querySelector("[data-photos-list]");
  const status = box.querySelector("[data-photos-status]");
  const say = JSON.parse(box.dataset.words);
  const most = Number(box.dataset.most);
  const offer = startOffer(box, say, moveTo);
  const items = new Map(); // file in the field -> its item in the list
  let count = list.children.length;

  let placing = false;
  field.addEventListener("change", () => {
    if (!placing) take([...field.files]);
  });
  const camera = box.querySelector("[data-camera]");
  camera.addEventListener("change", (event) => {
    event.stopPropagation(); // Only the field's own files are kept and sent.
    const files = [...camera.files];
    camera.value = "";
    take([...items.keys(), ...files]);
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-photo-remove]");
    if (button) remove(button.closest("[data-photo]"));
  });
  // What has arrived already does not travel again.
  form.addEventListener("submit", (event) => {
    setTimeout(() => {
      if (event.defaultPrevented) return;
      for (const item of items.values()) item.request?.abort();
    });
    put([...items].filter(([, item]) => !item.name).map(([file]) => file), { quietly: true });
    window.addEventListener("pageshow", () => put([...items.keys()], { quietly: true }), { once: true });
  });

  /** Add the files that are new; those that were chosen before stay, as a field forgets them when it is used again. */
  async function take(files) {
    const fresh = files.filter((file) => !items.has(file));
    if (!fresh.length && files.length === items.size) return;
    status.textContent = "";
    for (const file of fresh) {
      if (list.children.length >= most) {
        status.textContent = say.most.replace("{most}", most);
        status.classList.remove("visually-hidden");
        break;
      }
      const item = show(file);
      const position = await positionOf(file);
      const small = await shrunk(file);
      items.set(small, item);
      item.file = small;
      if (position) offer(position, form);
      send(small, item);
    }
    put([...items.keys()]);
  }

  /** Put files into the field, and tell whoever keeps the form. */
  function put(files, { quietly = false } = {}) {
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    field.files = transfer.files;
    if (quietly) return;
    placing = true;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    placing = false;
  }

  function show(file) {
    const number = ++count;
    const element = document.createElement("li");
    element.className = "photos__item";
    element.dataset.photo = "";
    const picture = document.createElement("img");
    picture.className = "photos__picture";
    picture.alt = say.photo.replace("{n}", number);
    picture.src = URL.createObjectURL(file);
    picture.addEventListener("error", () => picture.classList.add("photos__picture--unknown"), { once: true });
    const words = document.createElement("div");
    words.className = "photos__words";
    const progress = document.createElement("p");
    progress.className = "small quiet";
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button--bare", textContent: say.remove });
    button.dataset.photoRemove = "";
    words.append(progress, button);
    element.append(picture, words);
    list.append(element);
    return { element, picture, words, progress, number };
  }

  function send(file, item) {
    const body = new FormData();
    body.set("csrf_token", form.elements.csrf_token.value);
    body.set("key", form.elements.key.value);
    body.set("photo", file);
    const request = new XMLHttpRequest();
    item.request = request;
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      item.progress.textContent = say.sending.replace("{percent}", Math.round((100 * loaded) / total));
    });
    request.addEventListener("load", () => (request.status === 200 ? kept(item, request.response) : refused(file, item, request)));
    request.addEventListener("error", () => later(item));
    request.addEventListener("abort", () => later(item));
    request.responseType = "json";
    request.open("POST", box.dataset.hold);
    request.send(body);
  }

  function kept(item, { name, picture }) {
    item.request = undefined;
    if (list.querySelector(`[data-photo="${name}"]`)) {
      // The same photo, sent again: it is there already.
      items.delete(item.file);
      item.element.remove();
      put([...items.keys()]);
      return;
    }
    item.name = name;
    item.element.dataset.photo = name;
    item.picture.classList.remove("photos__picture--unknown");
    item.picture.src = picture;
    item.progress.remove();
    status.textContent = say.kept.replace("{n}", item.number);
    const token = Object.assign(document.createElement("input"), { type: "hidden", name: "photo_token", value: name });
    item.words.prepend(token, ...altField(name));
    added();
  }

  function altField(name) {
    const label = Object.assign(document.createElement("label"), { className: "usa-label small", htmlFor: `alt-${name}` });
    const hint = Object.assign(document.createElement("span"), { className: "optional", textContent: say.altHint });
    label.append(`${say.alt} `, hint);
    const input = Object.assign(document.createElement("input"), {
      className: "usa-input", id: `alt-${name}`, name: `alt-${name}`, maxLength: 200, autocomplete: "off",
    });
    return [label, input];
  }

  function refused(file, item, { status: code, response }) {
    item.request = undefined;
    if (code !== 422) return later(item);
    items.delete(file);
    put([...items.keys()]);
    item.progress.className = "usa-error-message";
    item.progress.setAttribute("role", "alert");
    item.progress.textContent = response?.message ?? "";
  }

  function later(item) {
    item.request = undefined;
    if (!item.name) item.progress.textContent = say.later;
  }

  function remove(element) {
    const known = [...items].find(([, item]) => item.element === element);
    known?.[1].request?.abort();
    if (known) items.delete(known[0]);
    element.remove();
    put([...items.keys()]);
    field.focus();
  }

  if (field.files.length) take([...field.files]);
}

/** Offer the spot where a photo was taken, where that is far from the pin. It never leaves the phone by itself. */
function startOffer(box, say, moveTo) {
  const panel = box.querySelector("[data-photo-offer]");
  let spot;
  panel.querySelector("[data-photo-move]").addEventListener("click", () => {
    panel.hidden = true;
    moveTo(spot.lat, spot.lon);
  });
  panel.querySelector("[data-photo-stay]").addEventListener("click", () => {
    panel.hidden = true;
  });
  return (position, form) => {
    const [lat, lon] = [Number(form.elements.lat.value), Number(form.elements.lon.value)];
    if (!form.elements.lat.value) return;
    const metres = Math.hypot((position.lat - lat) * EARTH_M, (position.lon - lon) * EARTH_M * Math.cos((lat * Math.PI) / 180));
    if (metres < FAR_M) return;
    spot = position;
    const round = 10 ** Math.max(0, Math.floor(Math.log10(metres)) - 1);
    const shown = new Intl.NumberFormat(document.documentElement.lang).format(Math.round(metres / round) * round);
    panel.querySelector("[data-photo-offer-words]").textContent = say.far.replace("{metres}", shown);
    panel.hidden = false;
  };
}
