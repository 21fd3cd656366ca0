// Cards: fetched anew from the server, with what the viewer had opened, focused, scrolled or selected kept.

import { kept } from "./keep.js";
import { markFailed, markFresh } from "./stale.js";

const BETWEEN = 1000; // milliseconds between two fetches of a card
const SLOW = 400; // milliseconds after which a card says that it is being fetched
const MINUTE = 60000;
const STATE = ["state", "at", "position", "source"]; // what the server says of a card, as data attributes

const busy = new Set();
const waiting = new Set();
const handled = new WeakSet(); // cards that a script keeps current
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The cards of the page, or those that a channel keeps current. */
export function cards(channel = "") {
  const all = [...document.querySelectorAll("[data-panel]")];
  return channel ? all.filter((card) => card.dataset.channel === channel) : all;
}

/** Remember that a script handles the items of a card: it is not fetched by the minute. */
export const keepsItself = (card) => handled.add(card);

/** Fetch a card anew: now, and once more afterwards if it was asked for meanwhile. */
export async function refresh(card) {
  waiting.add(card);
  if (busy.has(card) || document.hidden) return;
  busy.add(card);
  while (waiting.delete(card)) {
    if (wanted(card)) await load(card);
    await pause(BETWEEN);
  }
  busy.delete(card);
}

/** Whether nothing speaks against replacing what a card shows; a script may, and text that is being copied. */
function wanted(card) {
  const selection = document.getSelection();
  if (!selection.isCollapsed && selection.containsNode(card, true)) {
    waiting.add(card);
    return false;
  }
  return card.dispatchEvent(new CustomEvent("watchfloor:refresh", { bubbles: true, cancelable: true }));
}

async function load(card) {
  const slow = setTimeout(() => { card.dataset.loading = ""; card.ariaBusy = "true"; }, SLOW);
  try {
    const response = await fetch(card.dataset.source);
    if (!response.ok) throw new Error(response.status);
    replace(card, new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-panel]"));
    markFresh(card);
  } catch {
    markFailed(card); // it is tried again with the next item, the next minute, or the next connection
  }
  clearTimeout(slow);
  delete card.dataset.loading;
  card.ariaBusy = "false";
}

function replace(card, made) {
  kept(card, () => card.replaceChildren(...document.adoptNode(made).childNodes));
  for (const name of STATE) card.dataset[name] = made.dataset[name];
  card.dispatchEvent(new CustomEvent("watchfloor:refreshed", { bubbles: true }));
}

/** Fetch what nothing announces: while the range follows now, its beginning moves on. */
function refreshOld() {
  for (const card of cards()) {
    const old = Date.now() - (Date.parse(card.dataset.at) || 0) > MINUTE;
    if ("follows" in card.dataset && old && !handled.has(card)) refresh(card);
  }
}

/** Fetch all cards that wait for it, as when somebody looks at the page again. */
export const refreshWaiting = () => [...waiting].forEach(refresh);

setInterval(refreshOld, MINUTE / 4);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action='refresh']");
  if (!button) return;
  event.preventDefault();
  refresh(button.closest("[data-panel]"));
});
