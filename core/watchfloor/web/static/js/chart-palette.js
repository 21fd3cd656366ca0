// Colours of charts, from the tokens of the page's theme.

const COLOURS = 6;
const LINES = ["solid", "dashed", "dotted"];
const known = new Map(); // places of series by name: the same in all charts of the page, where that can be

/** The place of each series of a chart among the colours: that of its name, or the first that is free. */
export function placesOf({ series }) {
  const names = series.map(([name]) => name).filter(Boolean);
  const old = names.filter((name) => known.has(name)).sort((a, b) => known.get(a) - known.get(b));
  const made = new Map();
  for (const name of new Set([...old, ...names])) {
    const place = free(new Set(made.values()), known.get(name));
    made.set(name, place);
    if (!known.has(name)) known.set(name, place);
  }
  return made;
}

/** The wished place if it is free, else the first that is. */
function free(taken, wished) {
  if (wished !== undefined && !taken.has(wished)) return wished;
  let place = 0;
  while (taken.has(place)) place += 1;
  return place;
}

/** The tokens as the page has them now; `rem` is the size of its type in pixels. */
export function readPalette() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  const categories = Array.from({ length: COLOURS }, (_, i) => token(`category-${i + 1}`) || token("accent"));
  return {
    rem: parseFloat(style.fontSize),
    card: token("card"), raised: token("raised"), border: token("border"), control: token("control"),
    text: token("text"), quiet: token("quiet"), bar: token("bar"), sans: token("sans"), categories,
  };
}

/** The colour and line of a series of a chart; past the sixth the colours come again, with another line. */
export function look({ places }, name, palette) {
  if (!name) return { colour: palette.bar, line: "solid" };
  const place = places.get(name);
  return { colour: palette.categories[place % COLOURS], line: LINES[Math.floor(place / COLOURS) % LINES.length] };
}
