"""The invented names of a world: organisations, actors, malware, titles, what people say.

None of them is real. Some hold what trips programs: other scripts, right-to-left text, a colon, an
ampersand, an apostrophe.
"""

from __future__ import annotations

from typing import NamedTuple


class OrganisationName(NamedTuple):
    """An organisation to be: `slug` makes its domain, `weight` how active it is."""

    name: str
    slug: str
    nationality: str
    sector: str
    weight: float
    users: int = 0


# The first is the host organisation; those with users are local to the instance.
ORGANISATIONS = (
    OrganisationName("Harbourlight CERT", "harbourlight", "International", "Security", 9, 5),
    OrganisationName("Østervik Energi", "ostervik", "Norway", "Energy", 5, 3),
    OrganisationName("Banque des Étangs", "etangs", "France", "Finance", 6, 3),
    OrganisationName("Kreisnetz Süderwald", "suederwald", "Germany", "Energy", 4, 2),
    OrganisationName("CSIRT:Lowlands", "csirt-lowlands", "Netherlands", "Government", 8, 4),
    OrganisationName("Kestrel & Thorn Analytics", "kestrelthorn", "Ireland", "Security", 7, 3),
    OrganisationName("Žluťák Telekom", "zlutak", "Czech Republic", "Telecoms", 3, 2),
    OrganisationName("Clinique du Lac Bleuté", "lacbleute", "Switzerland", "Health", 2, 1),
    OrganisationName("BlueHeath Malware Lab", "blueheath", "Estonia", "Security", 10, 3),
    OrganisationName("Universidad de Peñasol", "penasol", "Spain", "Education", 2, 2),
    OrganisationName("青葉川セキュリティ", "aobagawa", "Japan", "Security", 4, 2),
    OrganisationName("Tallowbridge Council", "tallowbridge", "United Kingdom", "Government", 1, 1),
    OrganisationName("ORCHARD-SOC", "orchard-soc", "Canada", "Security", 5, 2),
    OrganisationName("Zephyrine Threat Exchange", "zephyrine", "United States", "Security", 9),
    OrganisationName("Ακταία Ναυτιλία", "aktaia", "Greece", "Transport", 2),
    OrganisationName("Светлый Мост Банк", "svetlymost", "Bulgaria", "Finance", 2),
    OrganisationName("مختبر النخيل", "nakheel-lab", "Jordan", "Research", 2),
    OrganisationName("Łączność Północ", "lacznosc", "Poland", "Telecoms", 3),
    OrganisationName("Caixa Ribeira-Mar", "ribeiramar", "Portugal", "Finance", 2),
    OrganisationName("Grüner Turm Versicherung", "gruenerturm", "Austria", "Insurance", 3),
    OrganisationName("SkyMarrow Airlines", "skymarrow", "United Kingdom", "Transport", 2),
    OrganisationName("Tern Island Research", "ternisland", "Iceland", "Research", 6),
    OrganisationName("L'Aiguille Rouge", "aiguillerouge", "Belgium", "Industry", 2),
    OrganisationName("Copperfold Water", "copperfold", "Australia", "Water", 1),
    OrganisationName("Nordlicht-ISAC", "nordlicht", "Germany", "Industry", 4),
)
NEWCOMERS = (
    OrganisationName("Vardøger Shipping", "vardoger", "Norway", "Transport", 1),
    OrganisationName("Officina Melograno", "melograno", "Italy", "Industry", 1),
    OrganisationName("Háskóli Vestfjalla", "vestfjalla", "Iceland", "Education", 1),
    OrganisationName("Marshlight Insurance", "marshlight", "United Kingdom", "Insurance", 1),
    OrganisationName("Cooperativa Almendral", "almendral", "Chile", "Retail", 1),
)

FIRST_NAMES = ("ada", "bram", "chiara", "dmitri", "elif", "femke", "goran", "hanne", "imre", "jun", "kaja")
LAST_NAMES = ("alder", "brook", "cinder", "dale", "ember", "fern", "grove", "heath", "isle", "juniper")

ACTORS = (
    "Copper Magpie", "Quiet Ferry", "Paper Lighthouse", "Ninth Orchard", "Amber Trellis", "Hollow Sextant",
    "Marble Otter", "Tin Meridian", "Velvet Quarry", "Drowsy Glacier",
)  # fmt: skip
MALWARE = (
    "Mothlamp", "Rustpetal", "Grainvault", "Snarewort", "Tidelock", "Cinderpost", "Wrenloader", "Oakdrop",
    "Papercrane", "Lanternfish",
)  # fmt: skip
SECTORS = ("energy", "banking", "hospital", "telecom", "logistics", "university", "municipal", "aviation")
SERVICES = ("VPN gateways", "mail relays", "file transfer servers", "PLC web consoles", "backup servers")
TITLES = (
    "OSINT - {actor} returns with new infrastructure",
    "OSINT - inside the {malware} loader",
    "{malware} ransomware, {sector} supplier",
    "Phishing against {sector} staff, kit “{malware}”",
    "{actor}: spear phishing of {sector} organisations",
    "Malspam wave {date} - {malware}",
    "Scanning for exposed {services} ({date})",
    "Exploitation of {services} by {actor}",
    "Campagne d'hameçonnage « {malware} » (événement n° {number})",
    "Überweisungsbetrug: gefälschte Rechnungen, Fall {number}",
    "{malware} C2 servers, daily export {date}",
    "Honeypot sightings {date}",
    "CVE-2099-{number} exploited in the wild",
    "Business e-mail compromise, case {number}",
    "Incident {number}: {malware}, {sector} network",
    "フィッシング報告 {malware} {date}",
)
COMMENTS = (
    "C2", "dropper", "second stage", "from the mail gateway", "sandbox run", "seen in proxy logs",
    "payload host", "sinkholed since", "to be verified", "aus dem Vorfall", "vu sur le pare-feu", "低信頼度",
)  # fmt: skip
SOURCES = ("", "", "honeypot", "SIEM", "mail gateway", "EDR", "passive DNS")
POSTS = (
    "Seen here too, last night.",
    "Is the second domain yours? It resolves to a shared host.",
    "We got three more samples, adding them now.",
    "Merci, bloqué chez nous.",
    "The hash in the report is of the archive, not of the loader.",
    "Kann das jemand bestätigen?",
    "False positive in our network: a CDN.",
    "Thanks — the e-mail subject changes daily, the sender does not.",
)
WARNINGLISTS = (
    "Addresses of public resolvers",
    "Most visited domains",
    "Hashes of empty files",
    "Ranges of content delivery networks",
    "Domains of webmail providers",
)
STATUSES = (
    "Nothing to report, and glad of it.",
    "Still here, still listening.",
    "All quiet on the wire.",
    "Waiting for the next one.",
    "The kettle is on.",
)
