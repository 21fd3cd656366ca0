// Times as a zone shows them. The browser's own zone has no say: pages name the viewer's.
//
// A wall time is the milliseconds that Date.UTC would give for what a clock on the wall shows.

const MINUTE = 60e3;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
  DAY, 2 * DAY, 3 * DAY, 7 * DAY, 14 * DAY,
];
const MONTHS = [1, 2, 3, 6, 12];
const MONDAY = Date.UTC(1970, 0, 5);

const formats = new Map();

/** A format of a zone, made once: making one is what takes time. */
function format(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) {
    formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options }));
  }
  return formats.get(key);
}

const PARTS = {
  year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
};

/** What a clock in the zone shows at a moment. */
export function wall(moment, zone) {
  const found = {};
  for (const { type, value } of format(zone, PARTS).formatToParts(moment)) found[type] = Number(value);
  return Date.UTC(found.year, found.month - 1, found.day, found.hour, found.minute, found.second);
}

/** How far the zone is ahead of UTC at a moment, in milliseconds. */
const ahead = (moment, zone) => wall(moment, zone) - Math.floor(moment / 1000) * 1000;

/** The moments at which a clock in the zone shows a wall time: one, two when clocks go back, or none. */
export function moments(time, zone) {
  const found = [ahead(time - DAY, zone), ahead(time + DAY, zone)].map((offset) => time - offset);
  return [...new Set(found)].filter((moment) => wall(moment, zone) === time).sort((a, b) => a - b);
}

/** The moment at which a day of the zone begins; where midnight is skipped, the first one after it. */
function beginning(time, zone) {
  return moments(time, zone)[0] ?? Math.max(time - ahead(time - DAY, zone), time - ahead(time + DAY, zone));
}

/** Wall times from `start` to `end`, by months of the calendar. */
function* byMonth(start, end, months) {
  const first = new Date(start);
  const index = first.getUTCFullYear() * 12 + first.getUTCMonth();
  for (let i = Math.ceil(index / months) * months; ; i += months) {
    const time = Date.UTC(Math.floor(i / 12), i % 12);
    if (time > end) return;
    yield time;
  }
}

function* byStep(start, end, step) {
  const origin = step > DAY ? MONDAY : 0;
  for (let time = origin + Math.ceil((start - origin) / step) * step; time <= end; time += step) yield time;
}

function wallTimes(start, end, most, least) {
  const step = STEPS.find((one) => one >= least && (end - start) / one <= most);
  if (step) return [step, [...byStep(start, end, step)]];
  const months = MONTHS.find((one) => (end - start) / (30 * DAY * one) <= most) ?? 24;
  return [DAY, [...byMonth(start, end, months)]];
}

/**
 * At most about `most` moments between two that are round on a clock of the zone, `least` milliseconds from
 * each other. A time that the clocks skip is left out; one that they show twice is there twice if steps are
 * that small.
 */
export function ticks(start, end, zone, most, least = 0) {
  const [step, times] = wallTimes(wall(start, zone), wall(end, zone), most, least);
  const found = times.flatMap((time) => {
    if (time % DAY === 0) return [beginning(time, zone)];
    return step > HOUR ? moments(time, zone).slice(0, 1) : moments(time, zone);
  });
  return found.filter((moment) => moment >= start && moment <= end);
}

/** A tick in as few words as say it: a time, the day that begins there, likewise its month or year. */
export function tickWords(moment, zone, span) {
  if (!isBeginning(moment, zone)) return format(zone, { hour: "2-digit", minute: "2-digit" }).format(moment);
  const day = new Date(wall(moment, zone));
  if (span > 60 * DAY && day.getUTCDate() === 1) {
    const options = day.getUTCMonth() === 0 ? { year: "numeric" } : { month: "short" };
    return format(zone, options).format(moment);
  }
  const weekday = span <= 15 * DAY ? { weekday: "short" } : {};
  return format(zone, { ...weekday, day: "numeric", month: "short" }).format(moment).replace(",", "");
}

/** Whether a day of the zone begins at a moment. */
function isBeginning(moment, zone) {
  const time = wall(moment, zone);
  return beginning(time - (time % DAY), zone) === moment;
}

/** A day in full: "Sun 25 Oct 2026". */
export const dayWords = (moment, zone) =>
  format(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(moment).replace(",", "");

/** A moment in full: "Sun 25 Oct 2026 02:30", with the offset where the clocks show that twice. */
export function momentWords(moment, zone) {
  const minute = moment - (moment % MINUTE);
  const clock = format(zone, { hour: "2-digit", minute: "2-digit" }).format(moment);
  const twice = moments(wall(minute, zone), zone).length > 1;
  return `${dayWords(moment, zone)} ${clock}${twice ? ` UTC${offsetOf(moment, zone)}` : ""}`;
}

function offsetOf(moment, zone) {
  const minutes = Math.round(ahead(moment, zone) / MINUTE);
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(rest).padStart(2, "0")}`;
}

/** A moment as an address has it: 2026-10-25T02:30:00+01:00. */
export const iso = (moment, zone) =>
  new Date(wall(moment, zone)).toISOString().slice(0, 19) + offsetOf(moment, zone);

/** The day that is drawn at a place of a day axis: 2026-10-25. */
export const isoDay = (place) => new Date(place).toISOString().slice(0, 10);
