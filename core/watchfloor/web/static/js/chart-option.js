// What ECharts is to draw: pure functions of the data, the palette and the room.

import { look } from "./chart-palette.js";
import { dayWords, momentWords, tickWords, ticks } from "./chart-time.js";

const DAY = 24 * 3600e3;
const PER_TICK = 5; // rem that a label along time wants
const BAR = 2; // rem from bar to bar
const TOP = 1.86; // rem above the plot: charts.css has it as well
const BARS = 30; // at most; the table has all

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });
const short = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });
export const number = (value) => whole.format(value);

/** How many bars are drawn. */
export const barsOf = (data) => Math.min(data.x.length, BARS);

/** The height of the plot, as a style; "" leaves it to the style sheet. */
export const heightOf = (data) => (data.axis === "text" ? `${barsOf(data) * BAR}rem` : "");

/** Where the x axis begins and ends. */
export function extent({ x, axis, start, end }) {
  const [first, last] = [x[0], x[x.length - 1]];
  const found = [Math.min(start ?? first, first), Math.max(end ?? last, last)];
  if (found[0] < found[1]) return found;
  return axis === "day" ? [found[0] - DAY / 2, found[1] + DAY / 2] : [found[0] - 1800e3, found[1] + 1800e3];
}

/** A place on the x axis in words; days are drawn as if they began in UTC, in whatever zone they are. */
export function words(data, index) {
  const x = data.x[index];
  if (data.axis === "text") return x;
  return data.axis === "day" ? dayWords(x, "UTC") : momentWords(x, data.zone);
}

/** The option for a chart of `width` pixels; `off` are the names of series that are not shown. */
export function option(data, palette, width, off) {
  const text = { color: palette.quiet, fontFamily: palette.sans, fontSize: 0.8 * palette.rem };
  const made = data.axis === "text" ? bars(data, palette, width, text, off) : course(data, palette, width, text, off);
  return { animation: false, textStyle: text, ...made };
}

// --- along time ----------------------------------------------------------------------------------

function course(data, palette, width, text, off) {
  const { rem } = palette;
  const [min, max] = extent(data);
  const zone = data.axis === "day" ? "UTC" : data.zone;
  const most = Math.max(2, Math.floor((width / palette.rem - 4) / PER_TICK));
  const found = ticks(min, max, zone, most, data.axis === "day" ? DAY : 0);
  const nameOf = (moment) => tickWords(moment, zone, max - min);
  return {
    grid: { left: 0, right: 6, top: TOP * rem, bottom: 1.6 * rem, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: {
      type: "value", min, max,
      name: data.axis === "day" ? `days in ${data.zone}` : `time in ${data.zone}`,
      nameLocation: "middle", nameGap: 1.8 * rem, nameTextStyle: text,
      axisLine: { lineStyle: { color: palette.border }, onZero: false },
      axisTick: { show: true, customValues: found, lineStyle: { color: palette.control } },
      axisLabel: { ...text, customValues: found, formatter: nameOf, hideOverlap: true },
      splitLine: { show: false },
    },
    yAxis: {
      type: "value", name: data.unit, nameLocation: "end", nameGap: 0.7 * rem,
      nameTextStyle: { ...text, align: "left" }, splitNumber: 4,
      minInterval: data.series.every(([, y]) => y.every(Number.isInteger)) ? 1 : 0,
      axisLine: { show: false }, axisTick: { show: false },
      axisLabel: { ...text, formatter: (value) => short.format(value) },
      splitLine: { lineStyle: { color: palette.border } },
    },
    series: courses(data, palette, off),
  };
}

/** Lines and areas; of areas the first series is on top, as in the legend. */
function courses(data, palette, off) {
  const area = data.kind === "area";
  const made = data.series.map(([name, y], i) => {
    const { colour, line } = look(data, name, palette);
    return {
      id: String(i), type: "line", silent: true,
      data: off.has(name) ? [] : data.x.map((x, at) => [x, y[at]]),
      showSymbol: data.x.length === 1, symbolSize: 6, smooth: area ? 0.2 : 0, smoothMonotone: "x",
      itemStyle: { color: colour },
      lineStyle: { color: colour, width: area && line === "solid" ? 1 : 2, type: line },
      ...(area ? { stack: "all", areaStyle: { color: colour, opacity: 0.82 } } : {}),
    };
  });
  return area ? made.reverse() : made;
}

// --- bars ----------------------------------------------------------------------------------------

function bars(data, palette, width, text, off) {
  const count = barsOf(data);
  const names = data.x.slice(0, count);
  const values = names.map((_, i) => number(total(data, i, off)));
  const label = { ...text, fontSize: 0.93 * palette.rem, color: palette.text, interval: 0 };
  const gap = palette.rem;
  const left = Math.ceil(Math.min(width * 0.36, widest(names, label)));
  const right = Math.ceil(widest(values, label));
  // Labels are looked up by place: names from a feed may be equal, or mean something to a library.
  const axis = {
    type: "category", inverse: true, data: names.map((_, i) => String(i)),
    axisLine: { show: false }, axisTick: { show: false },
  };
  const name = { ...label, width: left, overflow: "truncate", align: "left", margin: left + gap };
  const value = { ...label, align: "right", margin: right + gap };
  return {
    grid: { left: left + gap, right: right + gap, top: 0, bottom: 0, outerBoundsMode: "none" },
    xAxis: { type: "value", show: false, min: 0, max: "dataMax" },
    yAxis: [
      { ...axis, axisLabel: { ...name, formatter: (i) => names[i] } },
      { ...axis, position: "right", axisLabel: { ...value, formatter: (i) => values[i] } },
    ],
    series: data.series.map(([series, y], i) => ({
      id: String(i), type: "bar", stack: "all", barWidth: palette.rem / 2, silent: true,
      data: y.slice(0, count).map((one) => (off.has(series) ? 0 : one)),
      itemStyle: { color: look(data, series, palette).colour, borderRadius: data.series.length > 1 ? 0 : 3 },
      showBackground: i === 0, backgroundStyle: { color: palette.raised, borderRadius: 3 },
    })),
  };
}

const pen = document.createElement("canvas").getContext("2d");

/** The width in pixels of the widest of some texts. */
function widest(texts, { fontSize, fontFamily }) {
  pen.font = `${fontSize}px ${fontFamily}`;
  return Math.max(...texts.map((text) => pen.measureText(text).width)) + 2;
}

/** All that is shown of one x. */
export function total(data, index, off = new Set()) {
  return data.series.reduce((sum, [name, y]) => sum + (off.has(name) ? 0 : y[index]), 0);
}
