"""Indicators by type: documentation addresses and domains, and random hashes, only."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from watchfloor.simulate.chance import digits

Maker = Callable[[Random], str]

_NETWORKS = ("192.0.2.", "198.51.100.", "203.0.113.")
_FIRST = (
    "login", "secure", "cdn", "update", "mail", "portal", "static", "invoice", "api", "docs", "auth", "files",
    "support", "pay", "track", "cloud", "sso", "news",
)  # fmt: skip
_SECOND = (
    "harbour", "lantern", "thistle", "granite", "willow", "saffron", "ember", "tundra", "cobalt", "meadow",
    "juniper", "quartz", "raven", "linen", "marsh", "cedar", "ochre", "drift", "pebble", "bücher",
)  # fmt: skip
_FILES = ("invoice", "order", "scan", "statement", "cv", "setup", "report", "Lieferschein", "facture")
_ENDINGS = ("exe", "dll", "docm", "xlsm", "js", "lnk", "iso", "zip", "pdf", "ps1")
_PATHS = ("gate.php", "wp-content/plugins/x/load.js", "dl/stage2.bin", "login/index.html", "api/v1/beacon")
_SUBJECTS = ("Invoice overdue", "Votre colis est en attente", "Ihre Rechnung", "Account locked", "RE: offer")
_PORTS = ("80", "443", "8080", "8443", "4444", "25", "53", "1337")
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Numbers that their countries keep free for film and fiction.
_PHONES = ("+44207946{:04d}", "+1202555{:04d}", "+3319900{:04d}", "+493023125{:03d}")


def ip(rng: Random) -> str:
    if rng.random() < 0.08:
        return f"2001:db8:{rng.getrandbits(16):x}::{rng.getrandbits(16):x}"
    return rng.choice(_NETWORKS) + str(rng.randrange(1, 255))


def domain(rng: Random) -> str:
    number = rng.randrange(200)
    return f"{rng.choice(_SECOND)}{number if number < 60 else ''}.example"


def hostname(rng: Random) -> str:
    return f"{rng.choice(_FIRST)}.{domain(rng)}"


def url(rng: Random) -> str:
    return f"http{'s' * rng.randrange(2)}://{hostname(rng)}/{rng.choice(_PATHS)}?id={rng.randrange(10**6)}"


def filename(rng: Random) -> str:
    return f"{rng.choice(_FILES)}_{rng.randrange(10**5)}.{rng.choice(_ENDINGS)}"


def email(rng: Random) -> str:
    return f"{rng.choice(_FIRST)}.{rng.randrange(100)}@{domain(rng)}"


def port(rng: Random) -> str:
    return rng.choice(_PORTS)


def _phone(rng: Random) -> str:
    pattern = rng.choice(_PHONES)
    ranges = {"+44": (0, 1000), "+12": (100, 200), "+33": (0, 10000), "+49": (0, 1000)}
    return pattern.format(rng.randrange(*ranges[pattern[:3]]))


def _yara(rng: Random) -> str:
    name, string = digits(rng, 6), digits(rng, 16)
    return f'rule R{name}\n{{\n\tstrings:\n\t\t$a = "{string}"\n\tcondition:\n\t\t$a\n}}'


def _text(rng: Random) -> str:
    return f"Note {rng.randrange(10**6)}: “{rng.choice(_SECOND)}” is the family's internal name / build tag."


VALUES: dict[str, Maker] = {
    "AS": lambda r: f"AS{r.randrange(64496, 64512)}",
    "attachment": lambda r: f"screenshot_{r.randrange(1000)}.png",
    "bank-account-nr": lambda r: f"{r.randrange(10**9):010d}",
    "btc": lambda r: "1" + "".join(r.choices(_BASE58, k=33)),
    "comment": _text,
    "datetime": lambda r: f"2025-0{r.randrange(1, 10)}-1{r.randrange(10)}T10:00:00.000000+0000",
    "domain": domain,
    "email-dst": email,
    "email-src": email,
    "email-subject": lambda r: f"{r.choice(_SUBJECTS)} #{r.randrange(10**4)}",
    "filename": filename,
    "hostname": hostname,
    "iban": lambda r: f"GB00XXXX{r.randrange(10**14):014d}",
    "ip-dst": ip,
    "ip-src": ip,
    "link": lambda r: f"https://blog.{domain(r)}/analysis/{r.randrange(10**4)}",
    "md5": lambda r: digits(r, 32),
    "mutex": lambda r: f"Global\\{digits(r, 12)}",
    "phone-number": _phone,
    "port": port,
    "regkey": lambda r: f"HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\{digits(r, 6)}",
    "sha1": lambda r: digits(r, 40),
    "sha256": lambda r: digits(r, 64),
    "size-in-bytes": lambda r: str(r.randrange(2_000, 4_000_000)),
    "snort": lambda r: f"alert tcp any any -> {ip(r)} {port(r)} (sid:{r.randrange(9 * 10**6, 10**7)};)",
    "text": _text,
    "url": url,
    "user-agent": lambda r: f"Mozilla/5.0 (compatible; beacon/{r.randrange(9)}.{r.randrange(9)})",
    "vulnerability": lambda r: f"CVE-2099-{r.randrange(1000, 9999)}",
    "yara": _yara,
}
COMPOSITES = {
    "domain|ip": ("domain", "ip-dst"),
    "filename|md5": ("filename", "md5"),
    "filename|sha1": ("filename", "sha1"),
    "filename|sha256": ("filename", "sha256"),
    "hostname|port": ("hostname", "port"),
    "ip-dst|port": ("ip-dst", "port"),
    "ip-src|port": ("ip-src", "port"),
    "malware-sample": ("filename", "md5"),
    "regkey|value": ("regkey", "filename"),
}


def value(rng: Random, kind: str) -> str:
    """A value of an attribute type; both halves of a composite one joined by `|`.

    >>> value(Random(1), "domain|ip")
    'pebble34.example|192.0.2.66'
    """
    halves = COMPOSITES.get(kind)
    if halves is None:
        return VALUES[kind](rng)
    return f"{VALUES[halves[0]](rng)}|{VALUES[halves[1]](rng)}"
