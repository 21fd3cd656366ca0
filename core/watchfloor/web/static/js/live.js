// Keeps a page current: what comes on the stream goes to the cards that it concerns.
//
// DOM events, for plugins' scripts; all bubble:
//   watchfloor:item        on a card, cancelable: detail { channel, item, id, replayed }. A script that shows the
//                          item itself calls preventDefault(); else the card is fetched anew, once a second at
//                          most. `replayed` items are older than the card's numbers: good for a list of the
//                          latest, wrong to count.
//   watchfloor:skipped     on a card: items were left out for want of time, detail { channel, count }
//   watchfloor:refresh     on a card, cancelable: it is about to be fetched anew
//   watchfloor:refreshed   on a card: it was
//   watchfloor:connection  on the document: detail { state }, "live", "lost" or "paused"
// A script may dispatch `watchfloor:summary` (see announce.js).

import { cards, keepsItself, refresh, refreshWaiting } from "./cards.js";
import { forgetLights, showLights } from "./lights.js";
import { PATIENCE, trouble } from "./stale.js";
import { follow, isAfter } from "./stream.js";

const SHOWN = 20000; // milliseconds that a notice stays
const FEEDS = document.body.dataset.feeds;
const notice = document.getElementById("notice");
let forgetting = 0;

function tell(sentence) {
  notice.textContent = sentence;
  notice.hidden = false;
  setTimeout(() => { notice.hidden = true; }, SHOWN);
}

function onItem(channel, item, id) {
  if (channel === FEEDS) onFeeds(item);
  for (const card of cards(channel)) {
    const replayed = channel !== FEEDS && !isAfter(id, card.dataset.position);
    const detail = { channel, item, id, replayed };
    const event = new CustomEvent("watchfloor:item", { bubbles: true, cancelable: true, detail });
    if (!card.dispatchEvent(event)) keepsItself(card);
    else if (!replayed) refresh(card);
  }
}

function onFeeds(told) {
  if (!told.trouble && document.body.dataset.trouble) location.reload();
  trouble("Redis does not answer", Boolean(told.trouble));
  showLights(told);
}

function onMissed({ channel }) {
  cards(channel).forEach(refresh);
  tell("More came than this page could show one by one; its numbers were brought up to date.");
}

function onSkipped(detail) {
  for (const card of cards(detail.channel)) {
    card.dispatchEvent(new CustomEvent("watchfloor:skipped", { bubbles: true, detail }));
  }
}

document.addEventListener("watchfloor:connection", ({ detail }) => {
  trouble("the connection is lost", detail.state === "lost");
  clearTimeout(forgetting);
  if (detail.state === "lost") forgetting = setTimeout(forgetLights, PATIENCE);
  if (detail.state === "live") refreshWaiting();
});

const followed = cards().flatMap((card) => card.dataset.channel ?? []);
follow([...new Set([FEEDS, ...followed])], { item: onItem, gap: onMissed, dropped: onMissed, skipped: onSkipped });
