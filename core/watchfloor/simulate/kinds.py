"""Which attributes and objects a MISP holds, and how many of each."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """An attribute type in its usual category; `relation` is its place in an object."""

    type: str
    category: str
    to_ids: bool
    weight: float = 1.0
    relation: str | None = None


class Template(NamedTuple):
    """A MISP object template. Its `required` attributes come first, some of the others may follow."""

    name: str
    meta_category: str
    description: str
    uuid: str
    version: str
    weight: float
    required: tuple[Kind, ...]
    optional: tuple[Kind, ...] = ()


NETWORK, DELIVERY, INSTALL = "Network activity", "Payload delivery", "Payload installation"
DROPPED, EXTERNAL, FRAUD = "Artifacts dropped", "External analysis", "Financial fraud"
OTHER, REFERENCE = "Other", "Internal reference"

KINDS = (
    Kind("sha256", DELIVERY, True, 13),
    Kind("md5", DELIVERY, True, 10),
    Kind("sha1", DELIVERY, True, 8),
    Kind("domain", NETWORK, True, 13),
    Kind("ip-dst", NETWORK, True, 12),
    Kind("url", NETWORK, True, 11),
    Kind("hostname", NETWORK, True, 7),
    Kind("ip-src", NETWORK, True, 4),
    Kind("ip-dst|port", NETWORK, True, 3),
    Kind("domain|ip", NETWORK, True, 2),
    Kind("ip-src|port", NETWORK, True, 0.7),
    Kind("hostname|port", NETWORK, True, 0.7),
    Kind("user-agent", NETWORK, False, 0.6),
    Kind("AS", NETWORK, False, 0.5),
    Kind("snort", NETWORK, True, 0.4),
    Kind("filename|sha256", DELIVERY, True, 3),
    Kind("filename|sha1", INSTALL, True, 1),
    Kind("filename|md5", DELIVERY, True, 1),
    Kind("filename", DELIVERY, False, 3),
    Kind("filename", INSTALL, True, 1),
    Kind("malware-sample", DELIVERY, True, 0.6),
    Kind("email-src", DELIVERY, True, 2.5),
    Kind("email-dst", DELIVERY, True, 0.7),
    Kind("email-subject", DELIVERY, False, 1.5),
    Kind("mutex", DROPPED, True, 1),
    Kind("regkey", "Persistence mechanism", True, 0.7),
    Kind("regkey|value", DROPPED, True, 0.8),
    Kind("yara", DELIVERY, True, 0.8),
    Kind("vulnerability", EXTERNAL, False, 1),
    Kind("link", EXTERNAL, False, 3),
    Kind("comment", EXTERNAL, False, 1.5),
    Kind("attachment", EXTERNAL, False, 0.7),
    Kind("link", REFERENCE, False, 0.7),
    Kind("text", OTHER, False, 1.5),
    Kind("text", "Antivirus detection", False, 0.8),
    Kind("text", "Attribution", False, 0.4),
    Kind("text", "Support Tool", False, 0.2),
    Kind("email-dst", "Targeting data", False, 0.3),
    Kind("email-src", "Social network", False, 0.2),
    Kind("phone-number", "Person", False, 0.3),
    Kind("phone-number", FRAUD, False, 0.6),
    Kind("bank-account-nr", FRAUD, False, 0.4),
    Kind("iban", FRAUD, True, 0.5),
    Kind("btc", FRAUD, True, 0.6),
)

TEMPLATES = (
    Template(
        "file",
        "file",
        "A file with its hashes and what is known of it",
        "688c46fb-5edb-40a3-8273-1af7923e2215",
        "24",
        5,
        (
            Kind("filename", DELIVERY, False, relation="filename"),
            Kind("sha256", DELIVERY, True, relation="sha256"),
        ),
        (
            Kind("md5", DELIVERY, True, relation="md5"),
            Kind("sha1", DELIVERY, True, relation="sha1"),
            Kind("size-in-bytes", OTHER, False, relation="size-in-bytes"),
            Kind("malware-sample", DELIVERY, True, relation="malware-sample"),
        ),
    ),
    Template(
        "domain-ip",
        "network",
        "A domain and an address that belonged together for a time",
        "43b3b146-77eb-4931-b4cc-b66c60f28734",
        "11",
        3,
        (Kind("domain", NETWORK, True, relation="domain"), Kind("ip-dst", NETWORK, True, relation="ip")),
        (
            Kind("datetime", OTHER, False, relation="first-seen"),
            Kind("text", OTHER, False, relation="text"),
        ),
    ),
    Template(
        "network-connection",
        "network",
        "A connection from one address to another",
        "af16764b-f8e5-4603-9de1-de34d272f80b",
        "3",
        2,
        (Kind("ip-src", NETWORK, False, relation="ip-src"), Kind("ip-dst", NETWORK, True, relation="ip-dst")),
        (
            Kind("port", NETWORK, False, relation="dst-port"),
            Kind("hostname", NETWORK, True, relation="hostname-dst"),
        ),
    ),
    Template(
        "email",
        "network",
        "An e-mail with its sender, subject and what it carried",
        "a0c666e0-fc65-4be8-b48f-3423d788b552",
        "19",
        1.5,
        (
            Kind("email-src", DELIVERY, True, relation="from"),
            Kind("email-subject", DELIVERY, False, relation="subject"),
        ),
        (
            Kind("email-dst", DELIVERY, False, relation="to"),
            Kind("ip-src", NETWORK, True, relation="received-header-ip"),
            Kind("filename", DELIVERY, False, relation="attachment-name"),
        ),
    ),
    Template(
        "url",
        "network",
        "A URL and the parts that it is made of",
        "60efb77b-40b5-4c46-871b-ed1ed999fce5",
        "10",
        1.5,
        (Kind("url", NETWORK, True, relation="url"), Kind("hostname", NETWORK, True, relation="host")),
        (
            Kind("ip-dst", NETWORK, True, relation="ip"),
            Kind("text", OTHER, False, relation="resource_path"),
        ),
    ),
    Template(
        "bank-account",
        "financial",
        "An account that took part in a fraud",
        "b4712203-95a8-4883-80e9-b566f5df11c9",
        "3",
        0.4,
        (
            Kind("iban", FRAUD, True, relation="iban"),
            Kind("bank-account-nr", FRAUD, False, relation="account"),
        ),
        (Kind("text", OTHER, False, relation="text"),),
    ),
)
RELATIONSHIPS = ("communicates-with", "downloaded-from", "drops", "related-to", "connected-to")
