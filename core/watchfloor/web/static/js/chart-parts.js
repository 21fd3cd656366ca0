// What stands around and upon a chart: the legend, the readout of a point, and the same as a sentence.

import { number, total, words } from "./chart-option.js";
import { look } from "./chart-palette.js";

const SHOWN = 10; // series in a readout

function element(name, className, attributes = {}) {
  const made = document.createElement(name);
  made.className = className;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

/** The elements of a chart by their names; `stage` holds the others. */
export function stage() {
  const made = {
    stage: element("div", "stage"),
    legend: element("ul", "legend", { "aria-label": "Series" }),
    plot: element("div", "plot", { tabindex: "0", role: "application", "aria-roledescription": "chart" }),
    canvas: element("div", "canvas"),
    cursor: element("div", "cursor"),
    band: element("div", "band"),
    readout: element("div", "readout", { "aria-hidden": "true" }),
    status: element("p", "visually-hidden", { role: "status" }),
  };
  made.plot.append(made.canvas, made.cursor, made.band, made.readout);
  made.stage.append(made.legend, made.plot, made.status);
  return made;
}

function line(name, value, how) {
  const entry = document.createElement("li");
  const label = document.createElement("bdi");
  label.textContent = name;
  const figure = document.createElement("b");
  figure.textContent = number(value);
  entry.append(...(how ? [mark(how)] : []), label, figure);
  return entry;
}

/** A short piece of a series' line. */
function mark({ colour, line: style }) {
  const made = document.createElement("span");
  made.className = "mark";
  made.style.borderTop = `3px ${style} ${colour}`;
  return made;
}

function key(name, at, how, on) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.name = name;
  button.dataset.at = String(at);
  button.title = name;
  button.setAttribute("aria-pressed", String(on));
  const label = document.createElement("bdi");
  label.textContent = name;
  button.append(mark(how), label);
  const entry = document.createElement("li");
  entry.append(button);
  return entry;
}

/** Name the series, if there are several kinds; each is a button that hides it or shows it again. */
export function legend(list, data, palette, off) {
  const named = data.series.filter(([name]) => name);
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.at : undefined;
  list.replaceChildren(...named.map(([name], i) => key(name, i, look(data, name, palette), !off.has(name))));
  list.hidden = named.length === 0;
  if (focused !== undefined) list.querySelectorAll("button")[Number(focused)]?.focus();
}

/** The series at a point that are more than nothing, the largest first. */
function shares(data, index, off) {
  return data.series
    .filter(([name, y]) => name && !off.has(name) && y[index])
    .map(([name, y]) => [name, y[index]])
    .sort((a, b) => b[1] - a[1]);
}

/** Fill the readout of a point. */
export function readout(box, data, index, palette, off) {
  const heading = document.createElement("p");
  heading.textContent = words(data, index);
  const list = document.createElement("ul");
  const found = shares(data, index, off);
  list.append(...found.slice(0, SHOWN).map(([name, value]) => line(name, value, look(data, name, palette))));
  if (found.length > SHOWN) {
    const rest = found.slice(SHOWN).reduce((sum, [, value]) => sum + value, 0);
    list.append(line(`${found.length - SHOWN} more`, rest));
  }
  if (data.kind !== "line" || found.length === 0) list.append(line(data.unit, total(data, index, off)));
  box.replaceChildren(heading, list);
}

/** Fill the readout with a sentence. */
export function note(box, text) {
  const heading = document.createElement("p");
  heading.textContent = text;
  box.replaceChildren(heading);
}

/** A point in one sentence. */
export function sentence(data, index, off) {
  const all = data.kind === "line" && data.series.length > 1 ? [] : [`${number(total(data, index, off))} ${inSentence(data.unit)}`];
  const each = shares(data, index, off).map(([name, value]) => `${name} ${number(value)}`);
  return `${words(data, index)}: ${[...all, ...each].join(", ") || "nothing"}.`;
}

/** A title as it stands within a sentence: "Attributes" with a small letter, "IPs" as it is. */
const inSentence = (title) => (/^\p{Lu}\p{Ll}/u.test(title) ? title[0].toLowerCase() + title.slice(1) : title);
