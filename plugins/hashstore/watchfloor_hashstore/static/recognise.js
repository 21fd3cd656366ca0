// What stands in a text: the indicators, and what each looks like. As recognise.py: a test holds both to the same.

import { BLANKS, ipv6, isDomain, isMac, refang, seen, strip, words } from "./forms.js";

const LONGEST = 200; // characters of a line that may be a value as a whole
const REST = 12; // milliseconds of work between which the page lives on
const HASHES = { 32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512" };
const IPV4 = /^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$/;
const OF_EMAIL = `[^${BLANKS}@<>"',;:()[\\]]`;
const EMAIL = new RegExp(`^${OF_EMAIL}{1,64}@(${OF_EMAIL}{3,255})$`, "u");
const OF_URL = `[^${BLANKS}"'<>\`]`;
const SCHEME = "[a-z][a-z0-9+.-]{1,20}://";
const URL_LIKE = new RegExp(`^${SCHEME}${OF_URL}+$`, "i");
const URL_WITHIN = new RegExp(`${SCHEME}${OF_URL}+?(?=[,;|]${SCHEME}|["'<>\`]|$)`, "gi"); // in a word without blanks
const TOKEN = /[^"'<>`,;|=(){}]+/g;
const WITHIN = /(?<=\[)[0-9a-f:.]+(?=\])|[^:[\]]+/gi; // host and port, name and value

/** What a value looks like, in MISP's words; "" for nothing in particular. */
export function kind(text) {
  const plain = refang(strip(text));
  if (/^[0-9a-f]+$/i.test(plain) && HASHES[plain.length]) return HASHES[plain.length];
  if (URL_LIKE.test(plain)) return "url";
  if (EMAIL.test(plain)) return "email";
  if (/^CVE-[0-9]{4}-[0-9]{4,}$/i.test(plain)) return "vulnerability";
  if (isAddress(plain.replace(/^[[\]]+|[[\]]+$/g, ""))) return "ip";
  if (plain.includes(":") && isMac(plain)) return "mac-address";
  return isDomain(plain) ? "domain" : "";
}

function isAddress(text) {
  const [, host, length] = /^([^/]*)(?:\/([0-9]+))?$/.exec(text) ?? [];
  if (!host) return false;
  if (IPV4.test(host)) {
    return Number(length ?? 0) <= 32 && host.split(".").every((part) => part === String(Math.min(Number(part), 255)));
  }
  return host.split(":").length > 2 && ipv6(host) !== null && Number(length ?? 0) <= 128;
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
  const known = indicators(line);
  for (const one of known) if (!found.has(one)) found.set(one, kind(one));
  const whole = strip(line);
  if (!known.length && whole && whole.length <= LONGEST && !found.has(whole)) found.set(whole, "");
}

/** The indicators in a line, refanged, in order. */
export function indicators(line) {
  const found = [];
  for (const word of words(seen(line))) {
    for (const token of tokens(refang(word))) {
      const bare = token.replace(/^['"<>()[\]{}]+|['"<>()[\]{}]+$/g, "").replace(/[.,;:!?)\]}'"]+$/, "");
      const what = bare ? kind(bare) : "";
      if (!what) continue;
      found.push(bare);
      found.push(...hosts(refang(strip(bare))).filter((host) => ["ip", "domain"].includes(kind(host))));
    }
  }
  return found;
}

/** Where a URL leads to, with its port and without; the domain of an e-mail address. */
function hosts(text) {
  const at = text.indexOf("://");
  if (at < 0) return EMAIL.exec(text)?.slice(1) ?? [];
  const place = text.slice(at + 3).split(/[/?#]/, 1)[0].split("@").at(-1);
  const host = /^(.*):[0-9]+$/.exec(place)?.[1] ?? place;
  return [...new Set([place, host.replace(/^[[\]]+|[[\]]+$/g, "")])];
}

/** The URLs in a word, and what stands between the punctuation of all the rest. What follows a comma may be a part
    of the URL, or the next column of a table. */
function tokens(word) {
  const found = [];
  let at = 0;
  for (;;) {
    URL_WITHIN.lastIndex = at;
    const match = URL_WITHIN.exec(word);
    if (!match) break;
    const cut = match[0].search(/[,;|]/);
    found.push(...pieces(word.slice(at, match.index)), match[0], ...(cut < 0 ? [] : [match[0].slice(0, cut)]));
    at = match.index + (cut < 0 ? match[0].length : cut + 1);
  }
  return [...found, ...pieces(word.slice(at))];
}

function pieces(word) {
  return (word.match(TOKEN) ?? []).flatMap((token) =>
    token.includes(":") && !kind(token) ? [token, ...(token.match(WITHIN) ?? [])] : [token],
  );
}
