// The table of what is known: of each value the newest hits, some hundred rows at a time, narrowed to hits or misses.

import { age, csv, defang } from "./shown.js";

const STEP = 200; // rows that are added at a time
const FEW = 3; // hits of a value that are shown before somebody asks for more: else one value hides the others
const HEAD = ["value", "known", "event_id", "event_uuid", "type", "category", "to_ids", "date", "tlp"];
const FILTERS = {
  known: ({ hits }) => hits.length,
  missed: ({ hits }) => !hits.length,
  all: () => true,
};

export class Results {
  constructor(section) {
    this.section = section;
    this.body = section.querySelector("tbody");
    this.row = section.querySelector("template").content.firstElementChild;
    this.more = section.querySelector("[data-more]");
    for (const button of section.querySelectorAll("[data-filter]")) {
      button.addEventListener("click", () => this.narrow(button.dataset.filter));
    }
    this.more.addEventListener("click", () => this.grow());
    section.querySelector("[data-save]").addEventListener("click", () => this.save());
    section.querySelector("[data-copy]").addEventListener("click", (event) => this.copy(event.currentTarget));
    this.clear();
  }

  clear() {
    this.values = [];
    this.counts = { known: 0, missed: 0, all: 0 };
    this.filter = "known";
    this.section.hidden = true;
    this.body.replaceChildren();
  }

  /** Add values (pairs of text and kind) with the hits of each. */
  add(values, results) {
    values.forEach(([value, kind], at) => {
      const hits = results[at].toSorted(newestFirst);
      this.values.push({ value, kind, hits });
      this.counts[hits.length ? "known" : "missed"] += 1;
      this.counts.all += 1;
    });
    this.section.hidden = false;
    this.narrow(this.filter, false);
  }

  /** Show only hits, only misses, or all; `anew` when somebody asked for it. */
  narrow(filter, anew = true) {
    this.filter = filter;
    for (const button of this.section.querySelectorAll("[data-filter]")) {
      button.setAttribute("aria-pressed", String(button.dataset.filter === filter));
      button.querySelector("b").textContent = this.counts[button.dataset.filter].toLocaleString("en");
    }
    this.chosen = this.values.filter(FILTERS[filter]);
    if (anew) this.body.replaceChildren();
    this.rows = this.chosen.flatMap(folded);
    this.section.querySelector("[data-none]").hidden = this.chosen.length > 0;
    this.section.querySelector("table").hidden = !this.chosen.length;
    if (this.body.rows.length < STEP) this.grow();
    else this.tell();
  }

  grow() {
    const shown = this.body.rows.length;
    const upTo = Math.min(this.rows.length, (Math.floor(shown / STEP) + 1) * STEP);
    this.body.append(...this.rows.slice(shown, upTo).map((row) => this.made(row)));
    this.tell();
  }

  tell() {
    const left = this.rows.length - this.body.rows.length;
    this.more.hidden = !left;
    this.more.textContent = `Show more (${left.toLocaleString("en")} left)`;
  }

  /** Show the older hits of a value as well, in place of the row that tells of them. */
  unfold(found, row) {
    const older = found.hits.slice(FEW).map((hit) => this.made({ found, hit }));
    found.unfolded = true;
    this.rows = this.chosen.flatMap(folded);
    row.replaceWith(...older);
    older[0].tabIndex = -1;
    older[0].focus();
  }

  made({ found, hit }) {
    const row = this.row.cloneNode(true);
    const cell = (name) => row.querySelector(`[data-cell="${name}"]`);
    cell("value").textContent = defang(found.value, found.kind);
    if (!found.hits.length) {
      row.classList.add("missed");
      cell("event").textContent = "not known";
      return row;
    }
    if (!hit) {
      const text = `${(found.hits.length - FEW).toLocaleString("en")} older`;
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
      button.addEventListener("click", () => this.unfold(found, row));
      cell("event").append(button);
      return row;
    }
    cell("event").append(this.event(hit));
    cell("type").textContent = hit.type;
    cell("category").textContent = hit.category;
    if (hit.tlp) cell("tlp").append(badge(hit.tlp));
    Object.assign(cell("age"), { textContent: age(hit.date), title: hit.date });
    cell("ids").textContent = hit.to_ids ? "yes" : "";
    return row;
  }

  event(hit) {
    const name = hit.event_id ? `Event ${hit.event_id}` : hit.event_uuid;
    const misp = this.section.dataset.misp;
    if (!misp) return Object.assign(document.createElement("span"), { textContent: name, title: hit.event_uuid });
    const href = `${misp}/events/view/${encodeURIComponent(hit.event_id || hit.event_uuid)}`;
    const link = Object.assign(document.createElement("a"), { href, textContent: name, title: hit.event_uuid });
    return Object.assign(link, { rel: "noreferrer", target: "_blank" });
  }

  save() {
    const rows = this.chosen.flatMap(told).map(([{ value }, hit]) => [
      value, hit ? "yes" : "no",
      ...HEAD.slice(2).map((name) => hit?.[name] ?? ""),
    ]);
    const file = URL.createObjectURL(new Blob([csv([HEAD, ...rows])], { type: "text/csv" }));
    Object.assign(document.createElement("a"), { href: file, download: `lookup-${this.filter}.csv` }).click();
    URL.revokeObjectURL(file);
  }

  async copy(button) {
    const lines = this.chosen.flatMap(told).map(([{ value, kind }, hit]) =>
      [defang(value, kind), ...(hit ? [hit.event_id, hit.event_uuid, hit.type, hit.tlp] : [])].join("\t"),
    );
    const said = button.querySelector("span");
    try {
      await navigator.clipboard.writeText(lines.join("\n"));
      said.textContent = "Copied";
    } catch {
      said.textContent = "Not allowed here";
    }
    setTimeout(() => { said.textContent = "Copy"; }, 2000);
  }
}

/** A value with each of its hits, or once where there is none. */
function told(found) {
  return (found.hits.length ? found.hits : [undefined]).map((hit) => [found, hit]);
}

/** The rows of a value: its newest hits, and one for all others until somebody wants to see them. */
function folded(found) {
  const all = told(found).map(([, hit]) => ({ found, hit }));
  return found.unfolded || all.length <= FEW + 1 ? all : [...all.slice(0, FEW), { found }];
}

function newestFirst(one, other) {
  return one.date < other.date ? 1 : -Number(one.date > other.date);
}

function badge(tlp) {
  const made = document.createElement("span");
  made.className = "tag";
  made.dataset.tone = tlp.replace("+strict", "");
  made.textContent = `tlp:${tlp}`;
  return made;
}
