// What stands in a text: the indicators, what each looks like, and how MISP may have written it. As recognise.py.

const LONGEST = 200; // characters of a line that may be a value as a whole
const REST = 12; // milliseconds of work between which the page lives on
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

/** The indicators in a text by what they look like, each once, in order; a line without any counts whole, as "".
    Long texts are read in pieces, between which the page lives on; null when `signal` is aborted. */
export async function recognise(text, signal) {
  const found = new Map();
  let rested = performance.now();
  for (const line of text.split(/\r?\n/)) {
    readLine(line, found);
    if (performance.now() - rested > REST) {
      await new Promise((resume) => setTimeout(resume));
      if (signal?.aborted) return null;
      rested = performance.now();
    }
  }
  return found;
}

function readLine(line, found) {
  let any = false;
  for (const word of line.split(/\s+/)) {
    for (const one of word ? indicators(refang(word)) : []) {
      any = true;
      if (!found.has(one)) found.set(one, kind(one));
    }
  }
  const whole = line.trim();
  if (!any && whole && whole.length <= LONGEST && !found.has(whole)) found.set(whole, "");
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
