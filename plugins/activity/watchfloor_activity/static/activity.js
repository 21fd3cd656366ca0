// The card of attributes as they arrive: its tools, and the events of the shell.

import { setParameters } from "./address.js";
import { setUpArrows } from "./arrows.js";
import { quoted } from "./filter.js";
import { setUpMenu } from "./menu.js";
import { number } from "./pace.js";
import { clock } from "./row.js";
import { Stream } from "./stream.js";

const SAID = 10000; // milliseconds between two summaries for those who listen
const SECOND = 1000;
const streams = new WeakMap();

function setUp(card) {
  if (streams.has(card) || !card.querySelector(".list")) return;
  const stream = new Stream(card);
  streams.set(card, stream);
  const box = card.querySelector("[name=q]");
  const button = card.querySelector("[data-act=pause]");
  const about = card.querySelector(".about");
  let applied = box.value;

  function show() {
    about.textContent = stream.words;
    if (!stream.paused && document.getElementById("connection")?.dataset.state === "live") freshen(card);
    button.toggleAttribute("data-paused", stream.paused);
    button.lastElementChild.textContent = stream.paused ? "Follow" : "Pause";
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, stream.paused ? "#play" : "#pause"));
    for (const act of card.querySelectorAll("[data-act=menu]")) act.hidden = false;
  }

  async function filter() {
    applied = box.value;
    setParameters(card, { q: box.value.trim(), before: "" });
    await stream.replace(card.dataset.source);
    chooseColumns(card);
    show();
  }

  /** Narrow the filter to what has this text in a field. */
  function only(field, text) {
    const now = box.value.trim();
    const added = `${field}:${quoted(text)}`;
    if (now.includes(added)) return;
    box.value = now ? `${/\bOR\b/.test(now) ? `(${now})` : now} ${added}` : added;
    filter();
  }

  const open = setUpMenu(card, only);
  setUpArrows(card);
  button.hidden = false;
  card.querySelector("[data-without-script]").hidden = true;
  button.addEventListener("click", () => stream.toggle());
  card.addEventListener("activity:state", () => { chooseColumns(card); show(); });
  card.querySelector("form.tools").addEventListener("submit", (event) => { event.preventDefault(); filter(); });
  box.addEventListener("search", () => { if (!box.value && applied) filter(); });
  card.querySelector(".columns").addEventListener("change", () => {
    const names = chosen(card);
    setParameters(card, { columns: names.join(",") });
    chooseColumns(card);
  });
  card.addEventListener("click", ({ target }) => {
    const act = target.closest("[data-act=menu]");
    const pick = target.closest("[data-pick]");
    const tag = target.closest("td .tag");
    if (act) open(act);
    else if (tag) only("tag", tag.textContent);
    else if (pick && document.getSelection().isCollapsed) only(pick.dataset.pick, pick.textContent);
  });
  setInterval(show, SECOND);
  setInterval(() => summarise(card, stream), SAID);
  show();
}

const chosen = (card) => [...card.querySelectorAll("[name=columns]:checked")].map((box) => box.value);

/** Show the columns that are chosen, and no others. */
function chooseColumns(card) {
  const names = new Set(chosen(card));
  const rows = [...card.querySelectorAll("table.stream tr"), ...card.querySelector("template").content.children];
  for (const row of rows) {
    for (const cell of row.querySelectorAll("[data-column]")) cell.hidden = !names.has(cell.dataset.column);
  }
}

function summarise(card, stream) {
  const came = stream.news();
  if (!came || stream.paused) return;
  const newest = card.querySelector("tbody tr")?.dataset.item;
  const from = newest ? `, the last shown from ${JSON.parse(newest).org || "an organisation not known yet"}` : "";
  const text = `${number(came)} attribute${came === 1 ? "" : "s"} in ten seconds${from}.`;
  card.dispatchEvent(new CustomEvent("watchfloor:summary", { bubbles: true, detail: { text } }));
}

/** What follows is from this moment, whether something came or not. */
function freshen(card) {
  const now = new Date();
  const time = card.querySelector(".fresh time");
  card.dataset.at = time.dateTime = now.toISOString();
  time.textContent = clock(now, card.querySelector(".list").dataset.zone);
}

const streamOf = (target) => streams.get(target.closest("[data-panel]"));

document.addEventListener("watchfloor:item", (event) => {
  const stream = streamOf(event.target);
  if (!stream) return;
  event.preventDefault();
  stream.take(event.detail.id, event.detail.item);
});
document.addEventListener("watchfloor:skipped", ({ target, detail }) => streamOf(target)?.skip(detail.count));
document.addEventListener("watchfloor:refresh", (event) => {
  const stream = streamOf(event.target);
  if (!stream) return;
  event.preventDefault();
  stream.load();
});
document.addEventListener("watchfloor:refreshed", ({ target }) => setUp(target));
document.addEventListener("watchfloor:connection", ({ detail }) => {
  if (detail.state !== "live") return;
  for (const card of document.querySelectorAll("[data-panel='activity/attributes']")) streams.get(card)?.connected();
});

for (const card of document.querySelectorAll("[data-panel='activity/attributes']")) setUp(card);
