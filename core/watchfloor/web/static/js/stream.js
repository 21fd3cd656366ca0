// The stream of live items: one EventSource for all cards of a page. Whoever wants to know of its life
// subscribes here; what comes on it goes to the handlers that `follow` was given.

const RETRY = 3000; // milliseconds until a stream that the server refused is tried again

const connection = document.getElementById("connection");
let last = document.body.dataset.position;
let fresh = true; // whether the page has not been on the stream yet
let source = null;
let timer = 0;
let open = () => {};

/** Whether one id lies behind another in the stream. */
export function isAfter(id, other) {
  const [a, b] = [id, other].map((text) => text.split("-").map(Number));
  return a[0] !== b[0] ? a[0] > b[0] : a[1] > b[1];
}

/** Say how the connection is: "live", "lost" or "paused"; `document` hears of it as `watchfloor:connection`. */
function say(state, words) {
  if (connection.dataset.state === state) return;
  connection.dataset.state = state;
  connection.textContent = words;
  document.dispatchEvent(new CustomEvent("watchfloor:connection", { detail: { state } }));
}

/** Listen to the channels, from where the page was made on, for as long as somebody looks at it. */
export function follow(channels, handlers) {
  open = () => {
    const query = new URLSearchParams({ channels: channels.join(","), last });
    if (fresh) query.set("replay", "1");
    source = new EventSource(`/live?${query}`);
    source.onopen = () => {
      fresh = false;
      say("live", "live");
    };
    source.onerror = () => {
      say("lost", "connection lost, trying again");
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(reopen, RETRY);
    };
    for (const channel of channels) source.addEventListener(channel, (event) => take(event, handlers.item));
    for (const name of ["gap", "dropped", "skipped"]) {
      source.addEventListener(`watchfloor/${name}`, (event) => handlers[name](JSON.parse(event.data)));
    }
  };
  // Browsers allow six connections to a host: a page that nobody looks at gives its own back.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : reopen()));
  open();
}

function take(event, handle) {
  if (event.lastEventId) last = event.lastEventId;
  handle(event.type, JSON.parse(event.data), event.lastEventId);
}

function close() {
  clearTimeout(timer);
  source.close();
  say("paused", "paused");
}

function reopen() {
  clearTimeout(timer);
  source.close();
  open();
}
