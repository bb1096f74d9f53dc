// On the page of a report: messages on this phone. The part stays hidden where the browser can show none.

const part = document.querySelector("[data-push]");

if (part && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window) start();

async function start() {
  for (const button of part.querySelectorAll("[data-do]")) {
    button.addEventListener("click", () => tapped(button.dataset.do));
  }
  const subscription = await (await navigator.serviceWorker.getRegistration("/"))?.pushManager.getSubscription();
  const follows = subscription ? await ask("ask", subscription).catch(() => false) : false;
  show(follows ? "on" : "off");
  part.hidden = false;
}

async function tapped(what) {
  try {
    const subscription = await subscribed();
    const follows = await ask(what, subscription);
    show(follows ? "on" : "off");
    part.querySelector(`[data-do=${follows ? "stop" : "start"}]`).focus();
  } catch {
    show("off", Notification.permission === "denied" ? "blocked" : "failed");
  }
}

/** The browser's subscription; asks for the permission where it has none. One of an older key of ours is replaced. */
async function subscribed() {
  await navigator.serviceWorker.register("/sw.js");
  const { pushManager } = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: bytes(part.dataset.key) };
  try {
    return await pushManager.subscribe(options);
  } catch (error) {
    const old = await pushManager.getSubscription();
    if (!old) throw error;
    await old.unsubscribe();
    return pushManager.subscribe(options);
  }
}

async function ask(what, subscription) {
  const { endpoint, keys } = subscription.toJSON();
  const response = await fetch(part.dataset.push, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": part.dataset.token },
    body: JSON.stringify({ do: what, endpoint, ...keys }),
  });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()).follows;
}

function show(...states) {
  for (const each of part.querySelectorAll("[data-state]")) each.hidden = !states.includes(each.dataset.state);
}

const bytes = (base64url) =>
  Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
