// Colours of charts, from the tokens of the page's theme.

const COLOURS = 6;
const LINES = ["solid", "dashed", "dotted"];
const known = new Map(); // places of series by name: the same in all charts of the page, where that can be

/** The place of each series of a chart among the colours; those that its palette names have the first. */
export function placesOf({ series, palette }) {
  const names = series.map(([name]) => name).filter(Boolean);
  const made = new Map();
  const take = (name, place) => {
    made.set(name, place);
    if (!known.has(name)) known.set(name, place);
  };
  for (const name of names.filter((one) => palette.includes(one))) take(name, palette.indexOf(name));
  const old = names.filter((name) => known.has(name)).sort((a, b) => known.get(a) - known.get(b));
  for (const name of [...old, ...names]) {
    if (!made.has(name)) take(name, free(new Set(made.values()), known.get(name), palette.length));
  }
  return made;
}

/** The wished place if it is free, else the next behind the palette's; past the last colour they begin again. */
function free(taken, wished, first) {
  if (wished !== undefined && !taken.has(wished)) return wished;
  for (let i = 0; ; i++) {
    const place = i < COLOURS ? (first + i) % COLOURS : i;
    if (!taken.has(place)) return place;
  }
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
