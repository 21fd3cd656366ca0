"""The single-file client: the portable modules in a zip file that Python runs."""

from __future__ import annotations

import io
import zipfile
from importlib.resources import files

# Old Pythons can read this much. Python itself would end with 1, which says that nothing is known.
_MAIN = """\
import sys
import traceback

if sys.version_info < (3, 9):
    sys.stderr.write("lookup.pyz needs Python 3.9 or later\\n")
    sys.exit(2)
try:
    from portable.client import main

    code = main()
except Exception:
    traceback.print_exc()
    code = 2
sys.exit(code)
"""
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
