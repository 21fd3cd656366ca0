// Indicators written so that nothing follows them by accident: hxxp://, [.], [@]. The rules are those of defang.py.

const HOSTS = new Set(["ip", "ip-src", "ip-dst", "domain", "hostname"]);
const MAILS = new Set([
  "email", "email-src", "email-dst", "email-reply-to", "whois-registrant-email", "dns-soa-email", "target-email",
  "jabber-id", "eppn",
]);
const ADDRESSES = new Set(["url", "uri", "link"]);
const ADDRESS = /([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^\s/?#]*)/g;
const SCHEMES = { http: "hxxp", https: "hxxps", ftp: "fxp" };

const authority = (text) => text.replaceAll(".", "[.]").replaceAll("@", "[@]");
const scheme = (name) => (Object.hasOwn(SCHEMES, name.toLowerCase()) ? SCHEMES[name.toLowerCase()] : name);

function part(value, kind) {
  if (HOSTS.has(kind)) return value.replaceAll(".", "[.]").replaceAll(":", "[:]");
  if (MAILS.has(kind)) return authority(value);
  if (ADDRESSES.has(kind) && !value.includes("://")) {
    const end = value.indexOf("/");
    return end < 0 ? authority(value) : authority(value.slice(0, end)) + value.slice(end);
  }
  return value.replace(ADDRESS, (_, name, host) => `${scheme(name)}://${authority(host)}`);
}

/** The value of an attribute of this type, defanged; what is no address stays as it is. */
export function defang(value, kind) {
  const kinds = kind.split("|");
  const parts = value.split("|");
  if (kinds.length !== parts.length) return part(value, kinds[0]);
  return parts.map((text, i) => part(text, kinds[i])).join("|");
}
