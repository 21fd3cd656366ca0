// A chart as a picture that stands by itself: title, range, summary and legend are drawn into it.

const SCALE = 2;
const MARGIN = 20;
const LINE = 22;
const LEAST = 320; // pixels that the texts want at least
const LONGEST = 400; // letters of a text

/** Save a chart as a PNG file. */
export async function savePng(view) {
  const picture = view.picture(SCALE);
  const canvas = compose(picture);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${fileName(picture.data)}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10e3); // the browser reads it while it saves
}

/** A title as a file's name: letters and digits of any script, and hyphens. */
export function fileName({ title }) {
  return title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "chart";
}

function compose({ canvas, palette, data, series }) {
  const made = document.createElement("canvas");
  const pen = made.getContext("2d");
  const width = Math.max(LEAST, canvas.width / SCALE);
  const lines = texts(pen, data, palette, width);
  const rows = legendRows(pen, series, width, palette);
  const keys = MARGIN + LINE * lines.length + 6;
  const top = keys + LINE * rows.length + 6;
  made.width = (width + 2 * MARGIN) * SCALE;
  made.height = (top + canvas.height / SCALE + MARGIN) * SCALE;
  pen.scale(SCALE, SCALE);
  pen.fillStyle = palette.card;
  pen.fillRect(0, 0, made.width, made.height);
  pen.textBaseline = "top";
  lines.forEach(([text, font, colour], i) => write(pen, text, MARGIN, MARGIN + LINE * i, font, colour));
  rows.forEach((row, i) => row.forEach((entry) => key(pen, entry, keys + LINE * i, palette)));
  pen.drawImage(canvas, MARGIN, top, canvas.width / SCALE, canvas.height / SCALE);
  return made;
}

/** The lines above the picture: its title, its range, what there is to see. */
function texts(pen, { title, about, summary }, palette, width) {
  const [large, small] = [`600 15px ${palette.sans}`, `12px ${palette.sans}`];
  pen.font = large;
  const first = [fitted(pen, title, width), large, palette.text];
  pen.font = small;
  const said = wrapped(pen, summary, width).map((text) => [text, small, palette.text]);
  return [first, ...(about ? [[fitted(pen, about, width), small, palette.quiet]] : []), ...said];
}

/** A text in lines of a width; a word that is longer is cut off. */
function wrapped(pen, text, width) {
  const lines = [];
  for (const word of text.slice(0, LONGEST).split(/\s+/)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : "";
    if (longer && pen.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(fitted(pen, word, width));
  }
  return lines;
}

function write(pen, text, x, y, font, colour) {
  pen.font = font;
  pen.fillStyle = colour;
  pen.fillText(text, x, y);
}

/** As much of a text as there is room for. */
function fitted(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  const letters = [...text.slice(0, LONGEST)];
  while (letters.length && pen.measureText(`${letters.join("")}…`).width > width) letters.pop();
  return `${letters.join("")}…`;
}

/** The legend's entries with their places, in as many rows as they need. */
function legendRows(pen, series, width, palette) {
  const rows = [];
  let x = Infinity;
  pen.font = `12px ${palette.sans}`;
  for (const one of series) {
    const name = fitted(pen, one.name, 220);
    const room = pen.measureText(name).width + 38;
    if (x + room > MARGIN + width) {
      rows.push([]);
      x = MARGIN;
    }
    rows.at(-1).push({ ...one, name, x });
    x += room;
  }
  return rows;
}

function key(pen, { name, colour, line, x }, y, palette) {
  pen.strokeStyle = colour;
  pen.lineWidth = 3;
  pen.setLineDash({ solid: [], dashed: [5, 3], dotted: [2, 2] }[line]);
  pen.beginPath();
  pen.moveTo(x, y + 7);
  pen.lineTo(x + 14, y + 7);
  pen.stroke();
  pen.setLineDash([]);
  write(pen, name, x + 20, y, `12px ${palette.sans}`, palette.text);
}
