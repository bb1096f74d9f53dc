// The day plan: ordered from where the phone is, and printed.

const none = document.querySelector("[data-no-place]");

document.querySelector("[data-here]").addEventListener("click", () => {
  if (!navigator.geolocation) {
    none.hidden = false;
    return;
  }
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const address = new URL(window.location.href);
      address.searchParams.set("lon", coords.longitude.toFixed(5));
      address.searchParams.set("lat", coords.latitude.toFixed(5));
      address.searchParams.delete("order");
      address.hash = "";
      window.location.assign(address);
    },
    () => {
      none.hidden = false;
    },
    { enableHighAccuracy: true, timeout: 15_000 },
  );
});
