// One chart of a card: its stage stays while the card around it is fetched anew again and again.

import { barsOf, extent, heightOf, option } from "./chart-option.js";
import { legend, note, readout, sentence, stage } from "./chart-parts.js";
import { look, placesOf, readPalette } from "./chart-palette.js";
import { select } from "./chart-select.js";
import { endOf } from "./chart-zoom.js";

const BETWEEN = 1000; // milliseconds between two drawings of new data
const HOW = "Arrow keys move from point to point.";
const HOW_ALONG = `${HOW} With Shift they select a part of the range, and Enter shows it.`;

export class ChartView {
  #chart;
  #off = new Set(); // names of series that are not shown
  #palette;
  #drawn = 0; // when new data was drawn last
  #timer = 0;
  #focused = null; // what of the stage has the focus
  #gone = new AbortController();
  #observer = new ResizeObserver(() => this.#fit());

  /** Draw in a figure with ECharts. */
  constructor(echarts, figure) {
    Object.assign(this, stage());
    this.table = false;
    this.dragged = false; // whether a pointer selects: the chart stands still then
    this.point = -1; // under the keyboard's cursor
    this.anchor = -1; // the point at which the keyboard's selection began
    this.hide();
    this.#palette = readPalette();
    this.#read(figure);
    this.#chart = echarts.init(this.canvas, null, { renderer: "canvas" });
    this.#observer.observe(this.canvas);
    this.#draw();
    this.#listen();
    select(this);
  }

  #listen() {
    this.stage.addEventListener("focusin", ({ target }) => { this.#focused = target; });
    this.stage.addEventListener("focusout", () => this.afterMove(() => {
      if (!this.stage.contains(document.activeElement)) this.#focused = null;
    }));
    this.legend.addEventListener("click", (event) => this.#toggle(event.target.closest("button")));
  }

  /** Move into a figure that took the old one's place, and draw its data. */
  adopt(figure) {
    const text = this.figure.dataset.rows;
    const focused = this.#focused;
    this.#read(figure);
    focused?.focus({ preventScroll: true });
    if (figure.dataset.rows !== text) this.refresh();
  }

  #read(figure) {
    const [point, anchor] = [this.point, this.anchor].map((index) => this.data?.x[index]);
    this.figure = figure;
    this.data = JSON.parse(figure.dataset.rows);
    this.data.places = placesOf(this.data);
    [this.point, this.anchor] = [point, anchor].map((x) => this.data.x.indexOf(x));
    if (point !== undefined && this.point < 0) this.leave(); // it is older than the range by now
    this.plot.setAttribute("aria-label", `${this.data.title}: ${this.data.summary}`);
    this.plot.setAttribute("aria-description", this.along ? HOW_ALONG : HOW);
    figure.replaceChildren(this.stage);
    figure.dataset.drawn = "";
    this.showTable(this.table);
  }

  /** Show the table in place of the picture, or the picture. */
  showTable(table) {
    this.table = table;
    this.figure.hidden = table;
    const twin = this.figure.parentElement.querySelector(".twin");
    if (twin) twin.hidden = !table;
  }

  /** Draw the data soon: at once, unless it was drawn just now or somebody selects. */
  refresh() {
    clearTimeout(this.#timer);
    const wait = this.#drawn + BETWEEN - performance.now();
    if (this.dragged || wait > 0) this.#timer = setTimeout(() => this.refresh(), Math.max(wait, 100));
    else this.#draw();
  }

  /** Draw in the theme that the page has now. */
  restyle() {
    this.#palette = readPalette();
    this.#draw();
  }

  #draw() {
    this.#drawn = performance.now();
    legend(this.legend, this.data, this.#palette, this.#off);
    this.plot.style.height = heightOf(this.data);
    this.#paint();
    if (this.point >= 0) this.show(this.point);
    if (this.anchor >= 0) this.mark(...this.selected);
  }

  #paint() {
    const width = this.canvas.clientWidth;
    if (!width) return; // not shown: it is painted once it has room
    this.#chart.resize({ width, height: this.canvas.clientHeight });
    this.#chart.setOption(option(this.data, this.#palette, width, this.#off), { replaceMerge: ["series"] });
    if (this.along) this.plot.style.setProperty("--floor", `${this.#chart.convertToPixel({ yAxisIndex: 0 }, 0)}px`);
  }

  #fit() {
    const room = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (room[0] !== this.#chart.getWidth() || room[1] !== this.#chart.getHeight()) this.#paint();
  }

  #toggle(button) {
    if (!button) return;
    const { name } = button.dataset;
    if (!this.#off.delete(name)) this.#off.add(name);
    this.#draw();
  }

  /** Do something once a move of the stage is over, which takes the focus away and gives it back. */
  afterMove(something) {
    queueMicrotask(something);
  }

  /** Told when the chart is taken away. */
  get gone() {
    return this.#gone.signal;
  }

  // --- places on the screen ----------------------------------------------------------------------

  /** Whether x is along time, so that a part of it can be selected. */
  get along() {
    return this.data.axis !== "text";
  }

  /** The index of the last point that is drawn. */
  get last() {
    return (this.along ? this.data.x.length : barsOf(this.data)) - 1;
  }

  /** The part of the x axis that the keyboard has selected. */
  get selected() {
    const [first, last] = [this.point, this.anchor].sort((a, b) => a - b);
    return [this.data.x[first], endOf(this.data, last)];
  }

  /** Where on the plot a place of the x axis is, in pixels; of bars, the middle of one. */
  pixelOf(x) {
    return this.#chart.convertToPixel(this.along ? { xAxisIndex: 0 } : { yAxisIndex: 0 }, x);
  }

  /** The place of the x axis at a pixel, within the axis. */
  placeAt(pixel) {
    const [min, max] = extent(this.data);
    const place = this.#chart.convertFromPixel({ xAxisIndex: 0 }, pixel);
    return Math.round(Math.min(max, Math.max(min, place)));
  }

  /** The index of the point nearest to a position on the plot. */
  indexAt(x, y) {
    if (!this.along) return Math.min(this.last, Math.max(0, this.#chart.convertFromPixel({ yAxisIndex: 0 }, y)));
    const place = this.placeAt(x);
    const after = this.data.x.findIndex((one) => one >= place);
    if (after < 1) return after < 0 ? this.last : 0;
    return place - this.data.x[after - 1] < this.data.x[after] - place ? after - 1 : after;
  }

  /** Show what is at a point, and say it if `aloud`. */
  show(index, aloud = false) {
    const at = this.pixelOf(this.along ? this.data.x[index] : index);
    this.cursor.style.transform = this.along ? `translateX(${at}px)` : `translateY(calc(${at}px - 50%))`;
    this.cursor.classList.toggle("row", !this.along);
    readout(this.readout, this.data, index, this.#palette, this.#off);
    this.cursor.hidden = false;
    this.#place(this.along ? at : this.plot.clientWidth, this.along ? 8 : at + 16);
    if (aloud) this.say(sentence(this.data, index, this.#off));
  }

  /** Put the readout beside a pixel, on the side where there is room. */
  #place(pixel, top) {
    this.readout.hidden = false;
    const [room, width] = [this.plot.clientWidth, this.readout.offsetWidth];
    const left = pixel > room / 2 ? pixel - 12 - width : pixel + 12;
    this.readout.style.transform = `translate(${Math.max(0, Math.min(room - width, left))}px, ${top}px)`;
  }

  hide() {
    this.cursor.hidden = this.readout.hidden = this.band.hidden = true;
  }

  /** Take the keyboard's cursor and selection away. */
  leave() {
    this.point = this.anchor = -1;
    this.hide();
  }

  /** Show a selection from one place of the x axis to another. */
  mark(one, other) {
    const [left, right] = [this.pixelOf(one), this.pixelOf(other)].sort((a, b) => a - b);
    this.band.style.transform = `translateX(${left}px)`;
    this.band.style.width = `${right - left}px`;
    this.band.hidden = false;
  }

  /** Show words beside a pixel. */
  tell(text, pixel) {
    note(this.readout, text);
    this.#place(pixel, 8);
  }

  say(words) {
    this.status.textContent = words;
  }

  // --- for a picture -----------------------------------------------------------------------------

  /** What is drawn, on a canvas of its own, and what belongs beside it. */
  picture(pixelRatio) {
    const shown = this.data.series.filter(([name]) => name && !this.#off.has(name));
    return {
      canvas: this.#chart.renderToCanvas({ pixelRatio }),
      palette: this.#palette,
      data: this.data,
      series: shown.map(([name]) => ({ name, ...look(this.data, name, this.#palette) })),
    };
  }

  dispose() {
    clearTimeout(this.#timer);
    this.#gone.abort();
    this.#observer.disconnect();
    this.#chart.dispose();
    this.stage.remove();
  }
}
