// Pointer and keyboard on a chart: look at a point, select a part of the range, go there.

import { dayWords, momentWords } from "./chart-time.js";
import { dayAt, zoomed } from "./chart-zoom.js";

const SLIP = 6; // pixels that a click may move
const JUMP = 10; // points of Page Up and Page Down

/** Make a chart answer to pointer and keyboard. */
export function select(view) {
  byPointer(view);
  byKeyboard(view);
}

function go(view, one, other) {
  const address = zoomed(location.href, view.data, one, other);
  if (address) location.assign(address);
}

function rangeWords({ data }, one, other) {
  const [from, to] = [Math.min(one, other), Math.max(one, other)];
  const say = (place) => (data.axis === "day" ? dayWords(dayAt(place), "UTC") : momentWords(place, data.zone));
  const [first, last] = [say(from), say(to)];
  return first === last ? first : `${first} to ${last}`;
}

// --- pointer -------------------------------------------------------------------------------------

function byPointer(view) {
  const { plot } = view;
  let begun = null; // where the drag began, in pixels, and the place there
  let moved = false;
  const position = ({ clientX, clientY }) => {
    const { left, top } = plot.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };

  function end() {
    begun = null;
    view.dragged = moved = false;
    view.hide();
    if (view.point >= 0) view.show(view.point);
  }

  function drag(left) {
    const place = view.placeAt(left);
    view.cursor.hidden = true;
    view.mark(begun.place, place);
    view.tell(rangeWords(view, begun.place, place), left);
  }

  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !view.along) return;
    const [left] = position(event);
    begun = { left, place: view.placeAt(left) };
    view.dragged = true;
    plot.setPointerCapture(event.pointerId);
  });

  plot.addEventListener("pointermove", (event) => {
    const [left, top] = position(event);
    moved ||= begun !== null && Math.abs(left - begun.left) > SLIP;
    if (moved) drag(left);
    else view.show(view.indexAt(left, top));
  });

  plot.addEventListener("pointerup", (event) => {
    if (moved) go(view, begun.place, view.placeAt(position(event)[0]));
    end();
  });
  plot.addEventListener("pointercancel", end);
  plot.addEventListener("pointerleave", () => { if (!begun) end(); });
  const onKey = (event) => {
    if (event.key !== "Escape" || !begun) return;
    event.stopPropagation();
    end();
  };
  addEventListener("keydown", onKey, { capture: true, signal: view.gone });
}

// --- keyboard ------------------------------------------------------------------------------------

const BACK = ["ArrowLeft", "ArrowUp"];
const FORTH = ["ArrowRight", "ArrowDown"];

function byKeyboard(view) {
  view.plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = target(view, event.key);
    if (to !== undefined) move(view, to, event.shiftKey);
    else if (event.key === "Enter") enter(view);
    else if (event.key === "Escape") escape(view);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  view.plot.addEventListener("blur", () => view.afterMove(() => {
    if (document.activeElement !== view.plot) view.leave();
  }));
}

/** The point to which a key leads, or undefined. */
function target({ point, last }, key) {
  if (BACK.includes(key)) return point < 0 ? last : point - 1;
  if (FORTH.includes(key)) return point + 1;
  return { Home: 0, End: last, PageUp: point - JUMP, PageDown: point + JUMP }[key];
}

function move(view, to, extend) {
  if (extend && view.anchor < 0 && view.along) view.anchor = Math.max(view.point, 0);
  view.point = Math.min(view.last, Math.max(0, to));
  view.show(view.point, true);
  if (view.anchor < 0) return;
  const [from, until] = view.selected;
  view.mark(from, until);
  view.say(`Selected: ${rangeWords(view, from, until)}. Enter shows it, Escape gives it up.`);
}

/** The first Enter begins a selection, the second goes there. */
function enter(view) {
  if (!view.along || view.point < 0) return;
  if (view.anchor >= 0) {
    go(view, ...view.selected);
  } else {
    view.anchor = view.point;
    move(view, view.point, false);
  }
}

/** The first Escape gives up a selection, the next the cursor. */
function escape(view) {
  const { point, anchor } = view;
  view.leave();
  if (anchor >= 0) move(view, point, false);
}
