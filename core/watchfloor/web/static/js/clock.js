// The clock of the header goes by the server's time, in the zone of the page; and the device's own zone, which
// only the browser knows, joins the choice of zones.

const clock = document.getElementById("clock");
const own = document.getElementById("own-zone");

/** How far the server's clock is ahead of this device's, in milliseconds. */
function ahead() {
  const [navigation] = performance.getEntriesByType("navigation");
  return Number(clock.dataset.now) - (performance.timeOrigin + (navigation?.responseStart ?? 0));
}

function start(format, offset) {
  const tick = () => {
    clock.textContent = format.format(Date.now() + offset);
    setTimeout(tick, 1000 - ((Date.now() + offset) % 1000));
  };
  tick();
}

function offerOwnZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const offered = [...document.querySelectorAll(".zones [data-zone]")].map((link) => link.dataset.zone);
  if (!zone || offered.includes(zone) || offered.includes(`Etc/${zone}`)) return;
  const address = new URL(own.href);
  address.searchParams.set("tz", zone);
  own.href = address;
  own.querySelector("span").textContent = zone;
  own.parentElement.hidden = false;
}

try {
  start(new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: clock.dataset.zone }), ahead());
} catch {
  // A zone that this browser does not know: the time of the page's making stays.
}
offerOwnZone();
