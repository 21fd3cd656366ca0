// Keeps a page current: one EventSource for all its cards.
//
// An item goes to each card of its channel as a DOM event `watchfloor:item`, which bubbles; `detail` is
// { channel, item, id, replayed }. A plugin's script that handles it calls preventDefault(). A card that
// nobody handles is fetched anew from the server, once a second at most. `replayed` items are older than
// the card's numbers: good for a list of the latest, wrong to count. After a card was fetched anew it gets
// `watchfloor:refreshed`, and when items were left out for want of time `watchfloor:skipped`.

const RETRY = 3000; // milliseconds until a stream that the server refused is tried again
const BETWEEN = 1000; // milliseconds between two fetches of a card
const SHOWN = 20000; // milliseconds that a notice stays
const FEEDS = document.body.dataset.feeds;

const connection = document.getElementById("connection");
const notice = document.getElementById("notice");
let last = document.body.dataset.position;
let source = null;
let fresh = true; // whether the page has not been on the stream yet
let timer = 0;

const cards = (channel) =>
  [...document.querySelectorAll("[data-channel]")].filter((card) => !channel || card.dataset.channel === channel);

/** Whether one id lies behind another in the stream. */
function isAfter(id, other) {
  const [a, b] = [id, other].map((text) => text.split("-").map(Number));
  return a[0] !== b[0] ? a[0] > b[0] : a[1] > b[1];
}

function say(state, words) {
  if (connection.dataset.state === state) return;
  connection.dataset.state = state;
  connection.textContent = words;
}

function tell(sentence) {
  notice.textContent = sentence;
  notice.hidden = false;
  setTimeout(() => { notice.hidden = true; }, SHOWN);
}

// --- cards ---------------------------------------------------------------------------------------

const busy = new Set();
const stale = new Set();
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Fetch a card anew: now, and once more afterwards if something came meanwhile. */
async function refresh(card) {
  stale.add(card);
  if (busy.has(card) || document.hidden) return;
  busy.add(card);
  while (stale.delete(card)) {
    await load(card).catch(() => stale.add(card)); // the server may be away for a moment
    await pause(BETWEEN);
  }
  busy.delete(card);
}

async function load(card) {
  const response = await fetch(card.dataset.source);
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const made = page.querySelector("[data-panel]");
  const opened = [...card.querySelectorAll("details")].map((details) => details.open);
  made.querySelectorAll("details").forEach((details, i) => { details.open = opened[i] ?? details.open; });
  card.replaceChildren(...made.childNodes);
  card.dataset.position = made.dataset.position;
  card.dispatchEvent(new CustomEvent("watchfloor:refreshed", { bubbles: true }));
}

const refreshAll = () => cards().forEach(refresh);

// --- events of the stream ------------------------------------------------------------------------

function onItem(event) {
  const channel = event.type;
  const item = JSON.parse(event.data);
  const id = event.lastEventId;
  if (id) last = id;
  if (channel === FEEDS) showLights(item);
  for (const card of cards(channel)) {
    const replayed = channel !== FEEDS && !isAfter(id, card.dataset.position);
    const detail = { channel, item, id, replayed };
    const untouched = card.dispatchEvent(
      new CustomEvent("watchfloor:item", { bubbles: true, cancelable: true, detail }),
    );
    if (untouched && !replayed) refresh(card);
  }
}

function showLights({ trouble, feeds }) {
  if (!trouble && document.body.dataset.trouble) location.reload();
  for (const entry of document.querySelectorAll("[data-feed]")) {
    const feed = feeds.find(({ name }) => name === entry.dataset.feed);
    if (!feed) continue;
    entry.title = feed.text;
    entry.querySelector(".light").dataset.state = feed.state;
    entry.querySelector(".word").textContent = feed.state;
  }
}

function onMissed(event) {
  const { channel } = JSON.parse(event.data);
  cards(channel).forEach(refresh);
  tell("More came than this page could show one by one; its numbers were brought up to date.");
}

function onSkipped(event) {
  const detail = JSON.parse(event.data);
  for (const card of cards(detail.channel)) {
    card.dispatchEvent(new CustomEvent("watchfloor:skipped", { bubbles: true, detail }));
  }
}

// --- the stream ----------------------------------------------------------------------------------

function open() {
  const channels = [...new Set([FEEDS, ...cards().map((card) => card.dataset.channel)])];
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
  for (const channel of channels) source.addEventListener(channel, onItem);
  source.addEventListener("watchfloor/gap", onMissed);
  source.addEventListener("watchfloor/dropped", onMissed);
  source.addEventListener("watchfloor/skipped", onSkipped);
}

function reopen() {
  clearTimeout(timer);
  source.close();
  open();
}

// Browsers allow six connections to a host: a page that nobody looks at gives its own back.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    clearTimeout(timer);
    source.close();
    say("paused", "paused");
  } else {
    reopen();
    [...stale].forEach(refresh);
  }
});

open();
