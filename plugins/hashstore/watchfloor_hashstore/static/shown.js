// How a value is written so that nothing follows it by accident, how old a day is, and rows for a spreadsheet.

const ADDRESS = /([a-z][a-z0-9+.-]*):\/\/([^\s/?#]*)/gi;
const SCHEMES = { http: "hxxp", https: "hxxps", ftp: "fxp" };
// As the core's sheet.py has it.
const FORMULA = /^[\s\x00-\x20\u200b-\u200f\u2060\ufeff]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const DAY = 86_400_000;

const authority = (text) => text.replaceAll(".", "[.]").replaceAll("@", "[@]");

/** A value of a kind that `recognise` tells, defanged. */
export function defang(value, kind) {
  if (kind === "ip") return value.replaceAll(".", "[.]").replaceAll(":", "[:]");
  if (kind === "domain" || kind === "email") return authority(value);
  return value.replace(ADDRESS, (_, name, host) => `${SCHEMES[name.toLowerCase()] ?? name}://${authority(host)}`);
}

/** How long ago a day was. */
export function age(day, now = Date.now()) {
  const days = Math.floor((now - Date.parse(day)) / DAY);
  if (Number.isNaN(days)) return "";
  if (days < 1) return "today";
  if (days < 60) return days === 1 ? "1 day" : `${days} days`;
  return days < 730 ? `${Math.floor(days / 30.44)} months` : `${Math.floor(days / 365.25)} years`;
}

/** Rows as CSV; a cell that a spreadsheet would take for a formula gets an apostrophe before it. */
export function csv(rows) {
  const cell = (value) => `"${String(value).replace(FORMULA, "'$&").replaceAll('"', '""')}"`;
  return `${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
