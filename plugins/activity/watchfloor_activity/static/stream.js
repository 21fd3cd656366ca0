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
const CATCH_UP = 2000; // milliseconds after a connection in which all that was missed is shown
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
  #behind = false; // more came than waits here: the history has it
  #newest;
  #pausedBy = ""; // "", "viewer", "scroll" or "history"
  #caughtUp = 0;
  #loading = false;

  constructor(card) {
    this.#card = card;
    this.#newest = this.#rows[0]?.dataset.id ?? card.dataset.position;
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

  // --- what comes ------------------------------------------------------------------------------------

  take(id, item) {
    if (!isAfter(id, this.#newest)) return;
    this.#newest = id;
    this.rates.add({ came: 1 });
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
    if (!this.filtered) this.#uncounted += count;
    if (this.paused && !this.filtered) this.#meanwhile += count;
  }

  /** A connection is made: all that comes now was missed before. */
  connected() { this.#caughtUp = performance.now() + CATCH_UP; }

  #tick() {
    if (this.paused || !this.#waiting.length) return;
    const catching = performance.now() < this.#caughtUp;
    const count = catching ? this.#waiting.length : this.#allowance.take(this.#waiting.length);
    if (count > MOST) this.load();
    else if (count) this.#show(this.#waiting.splice(0), count);
  }

  /** Put the newest `count` of them on top; the others are counted with the first of these. */
  #show(came, count) {
    const left = came.slice(0, came.length - count);
    const shown = came.slice(came.length - count);
    shown[0].skipped += left.length + left.reduce((sum, one) => sum + one.skipped, 0);
    const template = this.#card.querySelector("template");
    const zone = this.#list.dataset.zone;
    const rows = shown.map((one) => rowOf(template, one, zone)).reverse();
    rows.forEach((row) => row.classList.add("arrived"));
    this.#body.prepend(...rows);
    while (this.#rows.length > MOST) this.#body.lastElementChild.remove();
    if (this.#rows.length >= MOST) delete this.#list.dataset.ended;
    this.#reveal();
    this.rates.add({ shown: shown.length });
  }

  #reveal() {
    this.#scroller.hidden = this.#rows.length === 0;
    if (this.#rows.length) this.#card.querySelector(".nothing").hidden = true;
    this.#card.querySelector(".end").hidden = !("ended" in this.#list.dataset);
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
    else if (this.#waiting.length) this.#show(this.#waiting, this.#waiting.splice(0).length);
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
    const made = await fetched(source);
    if (!made) return false;
    const refused = made.querySelector(".filter-error");
    this.#card.querySelector(".filter-error").replaceWith(refused);
    if (!refused.hidden) return true;
    this.#list.replaceWith(made.querySelector(".list"));
    this.#waiting = this.#waiting.filter(({ id }) => isAfter(id, this.#rows[0]?.dataset.id ?? made.dataset.position));
    this.#newest = [this.#rows[0]?.dataset.id, made.dataset.position].filter(Boolean)
      .reduce((a, b) => (isAfter(a, b) ? a : b));
    this.#behind = false;
    this.#meanwhile = 0;
    this.#watchEnd();
    this.#changed();
    return true;
  }

  /** Fetch older rows whenever the end of the list comes into view. */
  #watchEnd() {
    const end = this.#card.querySelector(".older");
    if (!end) return;
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      this.#older(end);
    }, { root: this.#scroller, rootMargin: "200px" });
    seen.observe(end);
  }

  async #older(end) {
    if (this.#loading || !this.#rows.length) return;
    this.#loading = true;
    const before = this.#body.lastElementChild.dataset.id;
    const made = await fetched(sourceWith(this.#card, { before, count: String(PAGE) }));
    this.#loading = false;
    if (!made || this.#body.lastElementChild.dataset.id !== before) return this.#watchEnd();
    this.#body.append(...made.querySelectorAll("tbody > tr"));
    if ("ended" in made.querySelector(".list").dataset) {
      this.#list.dataset.ended = "";
      end.remove();
    }
    this.#reveal();
    this.#changed();
    this.#watchEnd();
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
