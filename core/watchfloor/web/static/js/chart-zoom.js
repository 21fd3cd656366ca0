// The address that shows a part of a chart's range.

import { iso, isoDay } from "./chart-time.js";

const DAY = 24 * 3600e3;
const LEAST = 60e3; // milliseconds: less is a slip of the hand

/** The address with the range from one place of the x axis to another, or "" when that is too short. */
export function zoomed(href, data, one, other) {
  const [from, to] = [Math.min(one, other), Math.max(one, other)];
  if (to - from < LEAST) return "";
  const address = new URL(href);
  for (const name of ["last", "from", "to"]) address.searchParams.delete(name);
  const written = data.axis === "day" ? (place) => isoDay(dayAt(place)) : (moment) => iso(moment, data.zone);
  const [first, last] = [from, to].map(written);
  address.searchParams.set("from", first);
  address.searchParams.set("to", last);
  return address.href;
}

/** The day whose point is nearest to a place; a range of days holds its last one as well. */
export const dayAt = (place) => Math.round(place / DAY) * DAY;

/** The place up to which a point reaches: the next one, or as far as the one before lies behind. */
export function endOf(data, index) {
  const { x, axis } = data;
  if (axis === "day" || x.length < 2) return x[index];
  return x[index + 1] ?? x[index] + (x[index] - x[index - 1]);
}
