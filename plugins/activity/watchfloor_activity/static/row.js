// A row of the table for a live item: the server's empty row, filled. Everything is set as text.

import { defang } from "./defang.js";

const REST = 6; // the colour of all other categories
const TONES = { clear: "clear", white: "clear", green: "clear", amber: "amber", red: "red" };

function tone(tag) {
  const [space, level] = tag.toLowerCase().split(":");
  const name = level?.split("+")[0] ?? "";
  return space === "tlp" && Object.hasOwn(TONES, name) ? TONES[name] : "";
}

/** A tag as the table shows it. */
function chip([name]) {
  const made = document.createElement("span");
  made.className = "tag";
  made.dir = "auto";
  made.textContent = name;
  if (tone(name)) made.dataset.tone = tone(name);
  return made;
}

const clocks = new Map();

/** The time of day in a zone. */
export function clock(date, zone) {
  if (!clocks.has(zone)) {
    const parts = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone };
    clocks.set(zone, new Intl.DateTimeFormat("en-GB", parts));
  }
  return clocks.get(zone).format(date);
}

const cellOf = (row, name) => row.querySelector(`[data-column=${name}]`);

function put(row, name, text, title = false) {
  const cell = cellOf(row, name).querySelector(":scope > span:last-of-type");
  cell.textContent = text;
  if (title) cell.title = text;
}

/** A row for an item; `skipped` came before it and are only counted. `colours` gives numbers to categories. */
export function rowOf(template, { id, item, skipped }, zone, colours) {
  const row = template.content.firstElementChild.cloneNode(true);
  row.dataset.id = id;
  row.dataset.item = JSON.stringify(item);
  row.classList.toggle("seen", !item.new);
  const time = row.querySelector("time");
  time.dateTime = item.time;
  time.textContent = clock(new Date(item.time), zone);
  const more = row.querySelector(".skipped");
  more.textContent = `+${skipped.toLocaleString("en")}`;
  more.hidden = !skipped;
  row.querySelector(".dot").dataset.colour = colours.get(item.category) ?? REST;
  for (const name of ["feed", "category", "type", "event", "org", "comment"]) put(row, name, item[name], true);
  put(row, "value", defang(item.value, item.type), true);
  put(row, "object", `${item.object} ${item.relation}`.trim());
  cellOf(row, "tags").replaceChildren(...item.tags.map(chip));
  cellOf(row, "tags").title = item.tags.map(([name]) => name).join(", ");
  cellOf(row, "ids").textContent = item.to_ids ? "yes" : "";
  cellOf(row, "state").textContent = item.new ? "new" : "seen";
  return row;
}
