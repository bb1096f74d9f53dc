// Light or dark: the device's choice, until the reader makes one. The server reads the cookie, so that no page flashes.

const root = document.documentElement;
const device = window.matchMedia("(prefers-color-scheme: dark)");

export const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : device.matches);

/** Take the reader's choice over to a page that was kept on the phone, which the server wrote without it. */
export function keepTheme() {
  const [, chosen] = document.cookie.match(/(?:^|; )theme=(light|dark)/) ?? [];
  if (chosen) root.dataset.theme = chosen;
}

export function switchTheme() {
  const theme = isDark() ? "light" : "dark";
  root.dataset.theme = theme;
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `theme=${theme};path=/;max-age=31536000;samesite=lax${secure}`;
  document.dispatchEvent(new Event("themechange"));
}

/** Call `change` whenever the page turns light or dark. */
export function whenThemeChanges(change) {
  device.addEventListener("change", change);
  document.addEventListener("themechange", change);
}
