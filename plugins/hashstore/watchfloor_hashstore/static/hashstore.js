// Values are recognised and hashed here: they stay on this machine, and only their hashes travel.

const LONGEST = 200;
const ONCE = 5000;
const DOT = /\s+(?:\[\.\]?|\(\.\)|\{\.\}|\\\.|\[dot\]|\(dot\)|\{dot\}|\.\])\s+|(?:\[\.\]?|\(\.\)|\{\.\}|\\\.|\[dot\]|\(dot\)|\{dot\}|\.\])|\s+dot\s+/gi;
const AT = /\s+(?:\[@\]|\(@\)|\{@\}|\[at\]|\(at\)|\{at\})\s+|(?:\[@\]|\(@\)|\{@\}|\[at\]|\(at\)|\{at\})/gi;
const SEPARATOR = /\[:\]\/\/|\[:\/\/\]|:\\\\|\[:\]|\(:\)/g;
const SCHEME = /^(?:h[tx]{2}p(s?)|f[tx]p(s?)|meow(s?))(?=\s*(?:\[:\]\/\/|:\/\/|\[:\/\/\]|:\\\\|__))/i;
const HASHES = { 32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512" };
const IPV4 = /^(?:\d{1,3}\.){3}\d{1,3}(?:\/\d{1,2})?$/;
const DOMAIN = /^(?=.{4,253}$)(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]{0,61}[\p{L}\p{N}])?\.|_[\p{L}\p{N}_-]{1,62}\.)+(?:\p{L}{2,63}|xn--[a-z0-9-]{2,59})\.?$/iu;
const EMAIL = /^[^\s@<>"',;:()[\]]{1,64}@[^\s@<>"',;:()[\]]{3,255}$/;
const URL_LIKE = /^[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>`]+$/i;
const MAC = /^[0-9a-f]{2}(?:[:.-]?[0-9a-f]{2}){5}(?:(?:[:.-]?[0-9a-f]{2}){2})?$/i;

export function refang(text) {
  return text
    .replaceAll("[/]", "/")
    .replace(SCHEME, (word, https, ftps, meows) =>
      /^f/i.test(word) ? (ftps ? "ftps" : "ftp") : https || meows ? "https" : "http",
    )
    .replace(SEPARATOR, (mark) => (mark === "[:]" || mark === "(:)" ? ":" : "://"))
    .replace(DOT, ".")
    .replace(AT, "@");
}

function address(text) {
  const bare = text.startsWith("[") && text.includes(":") ? text.replace(/^\[|\]$/g, "") : text;
  if (!bare.includes(":")) return bare.endsWith("/32") ? bare.slice(0, -3) : bare;
  const [host, length] = bare.split("/");
  try {
    const short = new URL(`http://[${host}]/`).hostname.slice(1, -1);
    return length === undefined || length === "128" ? short : `${short}/${length}`;
  } catch {
    return text;
  }
}

function domain(text) {
  const bare = text.replace(/^\.+|\.+$/g, "");
  if (/^[\x00-\x7f]*$/.test(bare)) return bare;
  try {
    return new URL(`http://${bare}/`).hostname;
  } catch {
    return bare;
  }
}

function short(text) {
  const found = [address(text)];
  if (/^as\s*\d+$/i.test(text)) found.push(text.slice(2).trim());
  if (/[:-]/.test(text) && MAC.test(text)) {
    found.push(text.replace(/[^0-9a-f]/gi, "").toLowerCase().match(/../g).join(":"));
  }
  if (/^[0-9a-f]{2}(?::[0-9a-f]{2}){15,31}$/i.test(text)) found.push(text.replaceAll(":", ""));
  if (/^(?:\+|00)[0-9][0-9 ()/.-]{5,}$/.test(text)) {
    const bare = text.replaceAll("(0)", "");
    found.push((bare.startsWith("00") ? `+${bare.slice(2)}` : bare).replace(/[^+0-9]/g, ""));
  }
  if (text.includes("|")) {
    const at = text.indexOf("|");
    found.push([text.slice(0, at), text.slice(at + 1)].map(half).join("|"));
  }
  return found;
}

function half(text) {
  return /^[\x00-\x7f]*$/.test(text) && !text.endsWith(".") ? address(text) : domain(text);
}

/** The texts under which MISP may have stored a value. */
export function forms(text) {
  const found = new Set([text.trim(), refang(text.trim())]);
  for (const plain of [...found]) {
    if (!plain) continue;
    if (!/^[\x00-\x7f]*$/.test(plain)) {
      found.add(plain.replace(/[\u{10000}-\u{10ffff}]/gu, "?"));
      if (DOMAIN.test(plain)) found.add(domain(plain));
    } else if (plain.startsWith(".") || plain.endsWith(".")) {
      found.add(domain(plain));
    }
    if (plain.length <= LONGEST) short(plain).forEach((form) => found.add(form));
  }
  found.delete("");
  return [...found];
}

export function kind(text) {
  const plain = refang(text.trim());
  if (/^[0-9a-f]+$/i.test(plain) && HASHES[plain.length]) return HASHES[plain.length];
  if (URL_LIKE.test(plain)) return "url";
  if (EMAIL.test(plain)) return "email";
  if (/^CVE-\d{4}-\d{4,}$/i.test(plain)) return "vulnerability";
  if (IPV4.test(plain) || (plain.split(":").length > 2 && address(plain) !== "" && isIpv6(plain))) return "ip";
  if (plain.includes(":") && MAC.test(plain)) return "mac-address";
  return DOMAIN.test(plain) ? "domain" : "";
}

function isIpv6(text) {
  try {
    return Boolean(new URL(`http://[${text.replace(/^\[|\]$/g, "").split("/")[0]}]/`));
  } catch {
    return false;
  }
}

/** The indicators in a text, each once, in order; a line that holds none is asked for whole. */
export function recognise(text) {
  const found = new Set();
  for (const line of text.split(/\r?\n/)) {
    const before = found.size;
    for (const word of line.split(/\s+/)) indicators(refang(word)).forEach((one) => found.add(one));
    if (found.size === before && line.trim() && line.trim().length <= LONGEST) found.add(line.trim());
  }
  return [...found];
}

function indicators(word) {
  const url = /[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>`]+/i.exec(word);
  const tokens = url ? [url[0]] : word.split(/["'<>`,;|=(){}]+/);
  const found = [];
  for (const token of tokens) {
    const bare = token.replace(/^['"<>()[\]{}]+/, "").replace(/['"<>()[\]{}.,;:!?]+$/, "");
    if (kind(bare)) found.push(bare);
    const host = url ? new RegExp("://(?:[^/@]*@)?([^/:?#]+)").exec(bare)?.[1] : /^([^:]+):\d+$/.exec(bare)?.[1];
    if (host && kind(host)) found.push(host);
    if (kind(bare) === "email") found.push(bare.split("@")[1]);
  }
  return found;
}

async function sha256(text) {
  const bytes = new TextEncoder().encode(text.trim().toLowerCase());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Hashes as the server takes them: for each value, those of all its forms. */
export async function hashes(values) {
  return Promise.all(values.map((value) => Promise.all(forms(value).slice(0, 16).map(sha256))));
}

async function ask(values, key) {
  const results = [];
  let told = {};
  for (let at = 0; at < values.length; at += ONCE) {
    const body = JSON.stringify({ hashes: await hashes(values.slice(at, at + ONCE)) });
    const headers = { "content-type": "application/json", authorization: key };
    const answer = await fetch("/hashstore/lookup", { method: "POST", headers, body });
    told = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
    if (!answer.ok) throw new Error(told.error);
    results.push(...told.results);
  }
  return { results, imported: told.imported, updated: told.updated };
}

function cell(row, text, href) {
  const made = row.insertCell();
  if (!href) {
    made.textContent = text;
    return;
  }
  const link = document.createElement("a");
  Object.assign(link, { href, textContent: text, rel: "noreferrer", target: "_blank" });
  made.append(link);
}

function age(day) {
  const days = Math.floor((Date.now() - Date.parse(day)) / 86_400_000);
  return Number.isNaN(days) ? "" : days === 1 ? "1 day" : `${days} days`;
}

function show(page, values, results) {
  const body = page.querySelector("tbody");
  body.replaceChildren();
  const rows = [];
  const misp = page.dataset.misp;
  values.forEach((value, at) => {
    for (const hit of results[at]) {
      const event = hit.event_id || hit.event_uuid;
      const row = body.insertRow();
      cell(row, value);
      cell(row, event, misp && `${misp}/events/view/${encodeURIComponent(event)}`);
      for (const text of [hit.type, hit.tlp && `tlp:${hit.tlp}`, age(hit.date)]) cell(row, text);
      rows.push([value, hit.event_id, hit.event_uuid, hit.type, hit.category, hit.to_ids, hit.date, hit.tlp]);
    }
  });
  page.querySelector("table").hidden = !rows.length;
  return rows;
}

function csv(rows) {
  const head = ["value", "event_id", "event_uuid", "type", "category", "to_ids", "date", "tlp"];
  // A spreadsheet takes what begins with one of these for a formula.
  const text = (value) => String(value).replace(/^[=+\-@\t\r]/, "'$&");
  return [head, ...rows].map((row) => row.map((v) => `"${text(v).replaceAll('"', '""')}"`).join(",")).join("\r\n");
}

function start(page) {
  const [form, said, save] = ["form", "output", ".save"].map((name) => page.querySelector(name));
  let rows = [];
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const values = recognise(data.get("text"));
    said.textContent = `Asking for ${values.length} values…`;
    try {
      if (!globalThis.crypto?.subtle) {
        throw new Error("this browser hashes on https:// or on the machine itself only: open the page there");
      }
      const { results } = await ask(values, data.get("key").trim());
      rows = show(page, values, results);
      const known = results.filter((hits) => hits.length).length;
      said.textContent = `${known} of ${values.length} values are known.`;
    } catch (error) {
      rows = show(page, [], []);
      said.textContent = `Not answered: ${error.message}`;
    }
    save.hidden = !rows.length;
  });
  save.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv(rows)], { type: "text/csv" }));
    link.download = "known.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  });
}

const page = globalThis.document?.querySelector("#hashstore");
if (page) start(page);
