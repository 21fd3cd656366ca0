"""MISP's messages -> activities: the only package that knows MISP's shapes.

The activities themselves are in `activities`, what they are made of in `model`.
"""

from watchfloor.misp.activities import Activity
from watchfloor.misp.decode import TOPICS, UnknownTopicError, activities, decode, versions
from watchfloor.misp.decoded import Decoded
from watchfloor.misp.frames import split
from watchfloor.misp.model import Message
from watchfloor.misp.names import Names
from watchfloor.misp.redaction import redact

__all__ = [
    "TOPICS",
    "Activity",
    "Decoded",
    "Message",
    "Names",
    "UnknownTopicError",
    "activities",
    "decode",
    "redact",
    "split",
    "versions",
]
