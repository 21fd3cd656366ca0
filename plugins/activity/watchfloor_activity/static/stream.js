// The list of attributes as they arrive: it follows, or it is paused and counts; scrolled down it fetches older ones.
//
// What came is shown once and in order: a row's id is its place in the live stream, and only what is newer than
// the newest row is taken. What the page missed is fetched from the kept history.

import { sourceWith } from "./address.js";
import { matches } from "./filter.js";
import { Allowance, Rates, number } from "./pace.js";
import { rowOf } from "./row.js";

const MOST = 300; // rows in the page while it follows
const TICK = 250; // milliseconds between two looks at what came
const CATCH_UP = 2000; // milliseconds after a connection in which what was missed comes
const PAGE = 100; // older rows that are fetched at a time
const AT_TOP = 4; // pixels

/** Whether one id lies behind another in the live stream. */
function isAfter(id, other) {
  const [a, b] = [id, other].map((text) => text.split("-").map(Number));
  return a[0] !== b[0] ? a[0] > b[0] : a[1] > b[1];
}

export class Stream {
  rates = new Rates();
  #allowance = new Allowance();
  #card;
  #waiting = []; // { id, item, skipped }: came, and is not shown yet
  #uncounted = 0; // items that were left out before the next one
  #meanwhile = 0; // came while paused
  #unsaid = 0; // came since `news` was asked for
  #behind = false; // more came than waits here: the history has it
  #newest;
  #pausedBy = ""; // "", "viewer", "scroll" or "history"
  #caughtUp = 0;
  #loading = false;
  #fetches = new Set(); // for each that is under way, all that comes meanwhile
  #latest = null; // the one of them whose answer counts
  #end = null; // watches the end of the list
  #colours; // of categories: those that the page began with, as its chart keeps them too

  constructor(card) {
    this.#card = card;
    this.#newest = this.#rows[0]?.dataset.id ?? card.dataset.position;
    this.#colours = new Map(Object.entries(JSON.parse(this.#list.dataset.colours)));
    if (this.#list.dataset.before) this.#pause("history");
    card.addEventListener("scroll", () => this.#onScroll(), { capture: true, passive: true });
    setInterval(() => this.#tick(), TICK);
    this.#watchEnd();
  }

  get #list() { return this.#card.querySelector(".list"); }
  get #scroller() { return this.#card.querySelector(".rows"); }
  get #body() { return this.#card.querySelector("tbody"); }
  get #rows() { return this.#body.rows; }
  get #tree() { return JSON.parse(this.#list.dataset.tree); }
  get paused() { return this.#pausedBy !== ""; }
  get filtered() { return this.#list.dataset.tree !== '["every"]'; }

  /** What is going on, in words. */
  get words() {
    if (!this.paused) return `following · ${this.rates.words(this.filtered)}`;
    const came = this.#behind ? `more than ${number(MOST)}` : number(this.#meanwhile);
    return `paused · ${came} came meanwhile`;
  }

  /** How many came since this was asked for last. */
  news() {
    const count = this.#unsaid;
    this.#unsaid = 0;
    return count;
  }

  // --- what comes ------------------------------------------------------------------------------------

  take(id, item) {
    if (!isAfter(id, this.#newest)) return;
    this.#newest = id;
    this.rates.add({ came: 1 });
    this.#unsaid += 1;
    for (const during of this.#fetches) during.push({ id, item, skipped: 0 });
    if (!matches(this.#tree, item)) return;
    this.rates.add({ matched: 1 });
    this.#waiting.push({ id, item, skipped: this.#uncounted });
    this.#uncounted = 0;
    if (this.paused) this.#meanwhile += 1;
    if (this.paused && this.#waiting.length > MOST) {
      this.#behind = true;
      this.#waiting.shift();
    }
  }

  /** Items that the server left out for want of time. */
  skip(count) {
    this.rates.add({ came: count, unseen: count });
    this.#unsaid += count;
    if (!this.filtered) this.#uncounted += count;
    if (this.paused && !this.filtered) this.#meanwhile += count;
  }

  /** A connection is made: what comes at once was missed before. */
  connected() { this.#caughtUp = performance.now() + CATCH_UP; }

  #tick() {
    if (this.paused || !this.#waiting.length) return;
    const count = this.#allowance.take(this.#waiting.length);
    if (count < this.#waiting.length && performance.now() < this.#caughtUp) {
      this.#caughtUp = 0;
      this.load(); // nobody waits for what was missed: the history has it at once
    } else if (count) {
      this.#show(this.#waiting.splice(0), count);
    }
  }

  /** Put the newest `count` of them on top; the others are counted with the first of these. */
  #show(came, count = came.length) {
    if (!count) return;
    const left = came.slice(0, came.length - count);
    const shown = came.slice(came.length - count);
    shown[0].skipped += left.length + left.reduce((sum, one) => sum + one.skipped, 0);
    const template = this.#card.querySelector("template");
    const zone = this.#list.dataset.zone;
    const rows = shown.map((one) => rowOf(template, one, zone, this.#colours)).reverse();
    rows.forEach((row) => row.classList.add("arrived"));
    this.#body.prepend(...rows);
    while (this.#rows.length > MOST) {
      this.#body.lastElementChild.remove();
      delete this.#list.dataset.ended;
    }
    this.#reveal();
    this.rates.add({ shown: shown.length });
  }

  #reveal() {
    this.#scroller.hidden = this.#rows.length === 0;
    if (this.#rows.length) this.#card.querySelector(".nothing").hidden = true;
    const ended = "ended" in this.#list.dataset;
    this.#card.querySelector(".end").hidden = !ended;
    this.#card.querySelector(".older").hidden = ended || !this.#rows.length;
  }

  // --- following and pausing ---------------------------------------------------------------------------

  toggle() { if (this.paused) this.resume(); else this.#pause("viewer"); }

  #pause(by) {
    this.#pausedBy = by;
    this.#meanwhile = this.#waiting.length;
    this.#changed();
  }

  resume() {
    const afresh = this.#behind || this.#pausedBy === "history";
    this.#pausedBy = "";
    this.#scroller.scrollTop = 0;
    if (afresh) this.load();
    else this.#show(this.#waiting.splice(0));
    this.#changed();
  }

  #changed() { this.#card.dispatchEvent(new CustomEvent("activity:state")); }

  #onScroll() {
    const top = this.#scroller.scrollTop <= AT_TOP;
    if (!this.paused && !top) this.#pause("scroll");
    else if (this.#pausedBy === "scroll" && top) this.resume();
  }

  // --- the history -------------------------------------------------------------------------------------

  /** The list anew from the server, as after a gap or with another filter; false if there was no answer. */
  async load() {
    if (this.#pausedBy === "viewer" || this.#pausedBy === "scroll") {
      this.#behind = true;
      return true;
    }
    return this.replace(sourceWith(this.#card, { before: "" }));
  }

  /** The list as the server has it at this address. */
  async replace(source) {
    const during = this.#latest = [];
    this.#fetches.add(during);
    const made = await fetched(source);
    this.#fetches.delete(during);
    if (!made || during !== this.#latest) return Boolean(made);
    const came = new Map([...this.#waiting, ...during].map((one) => [one.id, one]));
    const refused = made.querySelector(".filter-error");
    this.#card.querySelector(".filter-error").replaceWith(refused);
    if (!refused.hidden) return true;
    this.#list.replaceWith(made.querySelector(".list"));
    const newest = this.#rows[0]?.dataset.id ?? made.dataset.position;
    const later = [...came.values()].filter(({ id }) => isAfter(id, newest));
    this.rates.add({ shown: came.size - later.length });
    this.#waiting = later.filter(({ item }) => matches(this.#tree, item));
    for (const id of [newest, made.dataset.position]) if (isAfter(id, this.#newest)) this.#newest = id;
    this.#behind = false;
    this.#meanwhile = this.#waiting.length;
    this.#watchEnd();
    this.#changed();
    return true;
  }

  /** Fetch older rows whenever the end of the list comes into view. */
  #watchEnd() {
    this.#end?.disconnect();
    this.#end = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.#older();
    }, { root: this.#scroller, rootMargin: "200px" });
    this.#end.observe(this.#card.querySelector(".older"));
  }

  async #older() {
    if (this.#loading || !this.#rows.length) return;
    this.#loading = true;
    const before = this.#body.lastElementChild.dataset.id;
    const made = await fetched(sourceWith(this.#card, { before, count: String(PAGE) }));
    this.#loading = false;
    if (made && this.#body.lastElementChild?.dataset.id === before) this.#append(made);
    this.#watchEnd();
  }

  #append(made) {
    this.#body.append(...made.querySelectorAll("tbody > tr"));
    if ("ended" in made.querySelector(".list").dataset) this.#list.dataset.ended = "";
    this.#reveal();
    this.#changed();
  }
}

async function fetched(source) {
  try {
    const response = await fetch(source);
    if (!response.ok) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return document.adoptNode(page.querySelector("[data-panel]"));
  } catch {
    return null; // the shell says that the connection is lost, and connects again
  }
}
