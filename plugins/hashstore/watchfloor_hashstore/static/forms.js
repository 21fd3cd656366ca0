// The texts under which MISP may have stored what was pasted. As recognise.py, pasted.py, refang.py and types.py:
// a test holds both to the same hashes.

const FORMS = 16; // of a value, which is what the server takes
const LONGEST = 200; // characters of a value that has a form of its own
const MOST = 2 ** 17; // characters, of which MISP has room for no more
// The bulk of what is asked for: names, IPv4 addresses, hashes, URLs that MISP writes in no other way.
const AS_IT_IS = /^(?!as\d|0|.*(?:h(?:xx|xt|tx)p|fxp|meow))(?:[a-z0-9](?:[a-z0-9._@]*[a-z0-9])?|https?:\/\/[a-z0-9!$&*+,./:;=?@_~%#-]*[a-z0-9/=])$/i;
export const BLANKS = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"; // Python's
const BLANK = `[${BLANKS}]`;
const SOME = `${BLANK}{1,8}`;
const ENDS = new RegExp(`^${BLANK}+|${BLANK}+$`, "g");
const MARKS = /[[\]({\\]|hxx|hxt|htx|fxp|meow| dot /i;
const HXXP = /hxxp|h\[tt\]p/gi;
const SCHEME = new RegExp(
  `\\b(?:h[tx]{2}p(s?)|f[tx]p(s?)|meow(s?))(?=${BLANK}{0,8}(?:\\[:\\]//|://|\\[://\\]|:\\\\\\\\|__))`, "gi",
);
const SEPARATOR = /\[:\]\/\/|\[:\/\/\]|:\\\\|\[:\]|\(:\)/g;
const DOTS = "(?:\\[\\.\\]?|\\(\\.\\)|\\{\\.\\}|\\\\\\.|\\[dot\\]|\\(dot\\)|\\{dot\\}|\\.\\])";
const ATS = "(?:\\[@\\]|\\(@\\)|\\{@\\}|\\[at\\]|\\(at\\)|\\{at\\})";
const DOT = new RegExp(`${SOME}${DOTS}${SOME}|${DOTS}|${SOME}dot${SOME}`, "gi");
const AT = new RegExp(`${SOME}${ATS}${SOME}|${ATS}`, "gi");
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;
const CLOSED_BY = { "'": "'", '"': '"', "`": "`", "<": ">", "(": ")", "[": "]", "{": "}", "‘": "’", "“": "”", "«": "»" };
const LAYERS = 3; // of quotes and brackets
const OF_PLACE = `[^${BLANKS}:/|[\\]]`;
const PLACE = new RegExp(`^(${OF_PLACE}{1,253}\\.${OF_PLACE}{1,63}|\\[[0-9a-fA-F:.]{2,45}\\]):([0-9]{1,5})$`, "u");
const PERSON = new RegExp(`^([^${BLANKS}]{1,64})${SOME}at${SOME}([^${BLANKS}]{1,253})$`, "iu");
const ACCOUNT = /^[A-Z]{2}[0-9]{2}(?: [0-9A-Z]{1,4}){2,8}$/i;
const NUMBER = /^\(?[0-9][0-9 ()/-]{8,30}$/;
const PHONE = /^(?:\+[ (]{0,2}|00)[0-9][0-9 ()/.-]{5,}$/;
const FINGERPRINT = /^[0-9a-f]{2}(?::[0-9a-f]{2}){15,31}$/i;
const ASCII = /^[\x00-\x7f]*$/;
const DOMAIN = /^(?=[^]{4,253}$)(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]{0,61}[\p{L}\p{N}])?\.|_[\p{L}\p{N}_-]{1,62}\.)+(?:(?:(?!\p{Nd})[\p{L}\p{N}]){2,63}|xn--[a-z0-9-]{2,59})\.?$/iu;
const MAC = /^[0-9a-f]{2}(?:[:.-]?[0-9a-f]{2}){5}(?:(?:[:.-]?[0-9a-f]{2}){2})?$/i;

export const seen = (text) => text.replace(INVISIBLE, "");
export const strip = (text) => text.replace(ENDS, "");
export const words = (text) => text.split(new RegExp(`${BLANK}+`)).filter(Boolean);
export const isDomain = (text) => DOMAIN.test(text);
export const isMac = (text) => MAC.test(text);

/** A value without what was put in to make it harmless. */
export function refang(text) {
  if (!MARKS.test(text)) return text;
  return text
    .replace(/\[(\/\/?)\]/g, "$1")
    .replace(HXXP, "http")
    .replace(SCHEME, (word, https, ftps, meows) =>
      /^f/i.test(word) ? (ftps ? "ftps" : "ftp") : https || meows ? "https" : "http",
    )
    .replace(SEPARATOR, (mark) => (mark === "[:]" || mark === "(:)" ? ":" : "://"))
    .replace(DOT, ".")
    .replace(AT, "@");
}

/** An IPv6 address as short as can be; null for what is none. */
export function ipv6(text) {
  if (!/^[0-9a-f:.]+$/i.test(text)) return null;
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1);
  } catch {
    return null;
  }
}

function address(text) {
  if (!text.includes(":") || text.includes("%")) return text.endsWith("/32") ? text.slice(0, -3) : text;
  const at = text.includes("/") ? text.indexOf("/") : text.length;
  const [short, length] = [ipv6(text.slice(0, at)), text.slice(at + 1)];
  if (short === null) return text;
  return length === "" || length === "128" ? short : `${short}/${length}`;
}

const unbracketed = (text) =>
  address(text.startsWith("[") && text.includes(":") ? text.replace(/^\[/, "").replace(/\]$/, "") : text);

/** A domain in punycode, as older libraries write it, for which ß is ss, and as newer ones do. */
function domains(text) {
  const bare = text.replace(/^\.+|\.+$/g, "");
  if (ASCII.test(bare)) return [bare];
  const mapped = bare.toLowerCase().replaceAll("ß", "ss").replaceAll("ς", "σ").replace(/[\u200c\u200d]/g, "");
  return [punycode(mapped), punycode(bare)];
}

function punycode(name) {
  try {
    return new URL(`http://${name}/`).hostname;
  } catch {
    return name;
  }
}

const half = (text) => (isDomain(text) ? domains(text)[0] : unbracketed(text));

function mac(text) {
  return isMac(text) ? text.replace(/[^0-9a-f]/gi, "").toLowerCase().match(/../g).join(":") : text;
}

function phone(text) {
  const bare = text.replaceAll("(0)", "");
  return (bare.startsWith("00") ? `+${bare.slice(2)}` : bare).replace(/[^+0-9]/g, "");
}

/** What has a form of its own is never long. */
function short(text) {
  const found = [unbracketed(text)];
  if (/^as\s*[0-9]+$/i.test(text)) found.push(strip(text.slice(2)));
  if (/[:-]/.test(text)) found.push(mac(text));
  if (FINGERPRINT.test(text)) found.push(text.replaceAll(":", ""));
  if (PHONE.test(text)) found.push(phone(text));
  const at = text.indexOf("|");
  if (at >= 0) found.push([text.slice(0, at), text.slice(at + 1)].map(half).join("|"));
  return [...found, ...otherwise(text)];
}

function otherwise(text) {
  const place = PLACE.exec(text);
  if (place) return [`${address(place[1].replace(/^\[+|\]+$/g, ""))}|${place[2]}`];
  const person = PERSON.exec(text);
  if (person) return [`${person[1]}@${person[2]}`];
  if (ACCOUNT.test(text)) return [text.replaceAll(" ", "")];
  const digits = NUMBER.test(text) ? text.replace(/[^0-9]/g, "") : "";
  return digits.length >= 9 ? [digits] : [];
}

/** What may be the value in a text: without what nobody sees, the commas behind it, the quotes around it. */
function within(text) {
  const found = [strip(strip(seen(text)).replace(/[,;]+$/, ""))];
  while (found.length <= LAYERS) {
    const outer = found.at(-1);
    if (outer.length < 3 || CLOSED_BY[outer[0]] !== outer.at(-1)) break;
    found.push(strip(outer.slice(1, -1)));
  }
  return found;
}

function rewritten(text) {
  const found = [];
  if (!ASCII.test(text)) {
    found.push(text.replace(/[\u{10000}-\u{10ffff}]/gu, "?"));
    if (isDomain(text)) found.push(...domains(text));
  } else if (text.startsWith(".") || text.endsWith(".")) {
    found.push(...domains(text));
  }
  if (text.includes("\n")) {
    const unix = text.replaceAll("\r\n", "\n");
    found.push(unix, unix.replaceAll("\n", "\r\n"));
  }
  if (text.length <= LONGEST || [...text].length <= LONGEST) found.push(...short(text));
  return found;
}

/** The texts under which MISP may have stored a value, as it stands first. */
export function forms(text) {
  if (AS_IT_IS.test(text)) return [text];
  const stripped = strip(text);
  if (stripped.length > MOST && [...stripped].length > MOST) return [stripped];
  const found = new Set([stripped, ...within(stripped)].flatMap((one) => [one, refang(one)]));
  for (const plain of [...found].filter(Boolean)) rewritten(plain).forEach((form) => found.add(form));
  found.delete("");
  return [...found].slice(0, FORMS);
}
