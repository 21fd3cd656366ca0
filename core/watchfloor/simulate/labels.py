"""The tags of a world: the usual taxonomies, and galaxy clusters of invented actors and malware."""

from __future__ import annotations

from watchfloor.simulate.words import ACTORS, MALWARE

CLUSTER_COLOUR = "#0088cc"

# Name, colour, how often an event bears it.
TLP = (
    ("tlp:clear", "#ffffff", 6.0),
    ("tlp:white", "#fafafa", 2.0),
    ("tlp:green", "#33ff00", 5.0),
    ("tlp:amber", "#ffc000", 4.0),
    ("tlp:amber+strict", "#ffb000", 1.5),
    ("tlp:red", "#ff2b2b", 0.5),
)
TAXONOMIES = (
    ("type:OSINT", "#004646", 6.0),
    ('osint:source-type="blog-post"', "#00223b", 4.0),
    ('osint:source-type="technical-report"', "#00406b", 2.0),
    ('osint:lifetime="perpetual"', "#0071c3", 3.0),
    ('osint:certainty="50"', "#0087e8", 2.0),
    ('admiralty-scale:source-reliability="b"', "#0fc000", 2.0),
    ('admiralty-scale:information-credibility="2"', "#0eb100", 1.5),
    ('circl:incident-classification="phishing"', "#2f4f11", 3.0),
    ('circl:incident-classification="malware"', "#3c7700", 4.0),
    ('circl:incident-classification="scan"', "#5b8c2a", 1.5),
    ('enisa:nefarious-activity-abuse="ransomware"', "#002d6a", 1.5),
    ('kill-chain:Delivery', "#00a0a0", 1.5),
    ('kill-chain:Command and Control', "#007f7f", 2.0),
    ('kill-chain:Exploitation', "#005f5f", 1.0),
    ('workflow:state="incomplete"', "#8a1fd0", 1.5),
    ('workflow:state="complete"', "#5c1590", 1.0),
    ('workflow:todo="expansion"', "#7719b5", 0.8),
    ('estimative-language:likelihood-probability="likely"', "#b1c100", 1.0),
    ('veris:action:social:variety="Phishing"', "#c4001d", 0.8),
    ('maec-malware-capabilities:maec-malware-capability="persistence"', "#9a4a00", 0.5),
    ("ecsirt:intrusions", "#d05a00", 0.7),
    ("PAP:GREEN", "#2fe000", 0.8),
    ("PAP:AMBER", "#ffa800", 0.7),
)  # fmt: skip
CLUSTERS = tuple(
    (f'misp-galaxy:{galaxy}="{name}"', CLUSTER_COLOUR, weight)
    for galaxy, names, weight in (("threat-actor", ACTORS, 0.8), ("malpedia", MALWARE, 0.6))
    for name in names
)
ON_ATTRIBUTES = (
    ('misp:confidence-level="usually-confident"', "#6b8c00", 3.0),
    ('misp:automation-level="unsupervised"', "#3a5f0b", 2.0),
    ('false-positive:risk="low"', "#1a7f37", 2.0),
    ('false-positive:risk="medium"', "#b08800", 1.0),
    ("honeypot-basic:interaction-level", "#6d28d9", 0.5),
    ('course-of-action:active="deny"', "#aa0033", 1.0),
)
