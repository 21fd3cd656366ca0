"""The single-file client: the portable modules in a zip file that Python runs."""

from __future__ import annotations

import io
import zipfile
from importlib.resources import files

_MAIN = "import sys\n\nfrom portable.client import main\n\nsys.exit(main())\n"
_WHEN = (2020, 1, 1, 0, 0, 0)  # the same content is the same file


def client() -> bytes:
    """The file, to be run with `python3 lookup.pyz`."""
    out = io.BytesIO(b"#!/usr/bin/env python3\n")
    out.seek(0, io.SEEK_END)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", _WHEN), _MAIN)
        for module in sorted(files("watchfloor_hashstore.portable").iterdir(), key=lambda one: one.name):
            if module.name.endswith(".py"):
                archive.writestr(zipfile.ZipInfo(f"portable/{module.name}", _WHEN), module.read_bytes())
    return out.getvalue()
