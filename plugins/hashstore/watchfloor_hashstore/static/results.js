// The table of what is known: rows that are shown some hundred at a time, narrowed to hits or misses.

import { age, csv, defang } from "./shown.js";

const STEP = 200; // rows that are added at a time
const HEAD = ["value", "known", "event_id", "event_uuid", "type", "category", "to_ids", "date", "tlp"];
const FILTERS = {
  known: (row) => row.hit,
  missed: (row) => !row.hit,
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
    this.rows = [];
    this.counts = { known: 0, missed: 0, all: 0 };
    this.filter = "known";
    this.section.hidden = true;
    this.body.replaceChildren();
  }

  /** Add values (pairs of text and kind) with the hits of each. */
  add(values, results) {
    values.forEach(([value, kind], at) => {
      const hits = results[at].length ? results[at] : [null];
      this.rows.push(...hits.map((hit) => ({ value, kind, hit })));
      this.counts[results[at].length ? "known" : "missed"] += 1;
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
    this.chosen = this.rows.filter(FILTERS[filter]);
    if (anew || this.body.rows.length > this.chosen.length) this.body.replaceChildren();
    this.section.querySelector("[data-none]").hidden = this.chosen.length > 0;
    this.section.querySelector("table").hidden = !this.chosen.length;
    if (this.body.rows.length < STEP) this.grow();
    else this.tell();
  }

  grow() {
    const shown = this.body.rows.length;
    const upTo = Math.min(this.chosen.length, (Math.floor(shown / STEP) + 1) * STEP);
    this.body.append(...this.chosen.slice(shown, upTo).map((row) => this.made(row)));
    this.tell();
  }

  tell() {
    const left = this.chosen.length - this.body.rows.length;
    this.more.hidden = !left;
    this.more.textContent = `Show more (${left.toLocaleString("en")} left)`;
  }

  made({ value, kind, hit }) {
    const row = this.row.cloneNode(true);
    const cell = (name) => row.querySelector(`[data-cell="${name}"]`);
    cell("value").textContent = defang(value, kind);
    if (!hit) {
      row.classList.add("missed");
      cell("event").textContent = "not known";
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
    const rows = this.chosen.map(({ value, hit }) => [
      value, hit ? "yes" : "no",
      ...HEAD.slice(2).map((name) => hit?.[name] ?? ""),
    ]);
    const file = URL.createObjectURL(new Blob([csv([HEAD, ...rows])], { type: "text/csv" }));
    Object.assign(document.createElement("a"), { href: file, download: `lookup-${this.filter}.csv` }).click();
    URL.revokeObjectURL(file);
  }

  async copy(button) {
    const lines = this.chosen.map(({ value, kind, hit }) =>
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

function badge(tlp) {
  const made = document.createElement("span");
  made.className = "tag";
  made.dataset.tone = tlp.replace("+strict", "");
  made.textContent = `tlp:${tlp}`;
  return made;
}
