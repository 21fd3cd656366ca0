// What a viewer did to a part of the page, kept while its content is replaced by a newer one.

const OPENED = "details";
const FOCUSABLE = "a, button, input, select, textarea, summary, [tabindex]";

/** Replace the content of an element by calling `change`; what was open, focused and scrolled stays so. */
export function kept(element, change) {
  const opened = [...element.querySelectorAll(OPENED)].map((details) => details.open);
  const scrolled = [...element.querySelectorAll("*")].filter((part) => part.scrollTop || part.scrollLeft);
  const places = scrolled.map((part) => [path(element, part), part.scrollTop, part.scrollLeft]);
  const focused = focusIn(element);
  change();
  element.querySelectorAll(OPENED).forEach((details, i) => { details.open = opened[i] ?? details.open; });
  for (const [steps, top, left] of places) find(element, steps)?.scrollTo({ top, left, behavior: "instant" });
  focused?.();
}

/** Gives a function that focuses again what has the focus inside an element. */
function focusIn(element) {
  const active = document.activeElement;
  if (active === element || !element.contains(active)) return null;
  const nth = [...element.querySelectorAll(FOCUSABLE)].indexOf(active);
  return () => {
    const found = active.id ? document.getElementById(active.id) : element.querySelectorAll(FOCUSABLE)[nth];
    found?.focus({ preventScroll: true });
  };
}

/** The way to a part: which child of which child. */
function path(element, part) {
  const steps = [];
  for (let at = part; at !== element; at = at.parentElement) steps.unshift([...at.parentElement.children].indexOf(at));
  return steps;
}

const find = (element, steps) => steps.reduce((at, step) => at?.children[step], element);
