// Numbers that could not be brought up to date say so, and from when they are.

/** Milliseconds of trouble that are not worth a word. */
export const PATIENCE = 5000;

const reasons = new Map(); // what is wrong with all cards, from when on
const failed = new WeakSet(); // cards that could not be fetched
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: zone() });

function zone() {
  return document.getElementById("clock")?.dataset.zone;
}

/** Begin or end a trouble of the whole page, such as a lost connection; `words` end the sentence. */
export function trouble(words, lasting) {
  if (lasting === reasons.has(words)) return;
  if (lasting) reasons.set(words, setTimeout(show, PATIENCE));
  else {
    clearTimeout(reasons.get(words));
    reasons.delete(words);
  }
  if (!lasting) show();
}

/** A card was fetched. */
export function markFresh(card) {
  failed.delete(card);
  mark(card, "");
}

/** A card could not be fetched. */
export function markFailed(card) {
  failed.add(card);
  if (reasons.size === 0) mark(card, "the server did not answer");
}

function show() {
  const [words] = reasons.keys();
  for (const card of document.querySelectorAll("[data-panel]")) {
    mark(card, words ?? (failed.has(card) ? "the server did not answer" : ""));
  }
}

function mark(card, words) {
  const line = card.querySelector(":scope > .stale");
  card.toggleAttribute("data-stale", Boolean(words));
  line.hidden = !words;
  line.textContent = words && `Not updated since ${clock.format(new Date(card.dataset.at))}: ${words}.`;
}
