// For the service worker: shows a pushed message, and opens what it is about. A repeat has the same tag, and takes the place of the
// first without a sound.

export async function showMessage(event) {
  const { title, body, url, tag, lang, dir } = event.data.json();
  await self.registration.showNotification(title, { body, tag, lang, dir, data: { url } });
}

export async function openMessage({ notification }) {
  notification.close();
  const { url } = notification.data;
  const open = await self.clients.matchAll({ type: "window" });
  const there = open.find((client) => new URL(client.url).pathname === url);
  await (there ? there.focus() : self.clients.openWindow(url));
}
