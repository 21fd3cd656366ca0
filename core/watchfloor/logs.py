"""Logging to standard error: lines that people read, or one JSON object a line."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime

from watchfloor.config.settings import LogSettings
from watchfloor.text import printable

_FIELDS = ("feed", "plugin", "topic", "message_id", "error_id")


class _Text(logging.Formatter):
    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        message = printable(record.getMessage(), keep="\n")
        line = f"{clock} {self._role:<9} {level}{message}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _Json(logging.Formatter):
    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "role": self._role,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in _FIELDS if hasattr(record, name)},
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def configure(settings: LogSettings, role: str) -> None:
    """Send this process' log to standard error, under the name of its role."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json(role) if settings.format == "json" else _Text(role))
    logging.basicConfig(level=settings.level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
