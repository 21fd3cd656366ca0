"""Certificates of a test's own, by the program openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

_NEW = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    """An authority: `name.crt` and `name.key` in the folder."""
    signs = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    _openssl(folder, *_NEW, *signs, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt")


def certificate(folder: Path, name: str, by: str, where: str) -> None:
    """A certificate that an authority gave for a place, such as `IP:127.0.0.1`."""
    of = ("-addext", f"subjectAltName={where}", "-addext", "basicConstraints=critical,CA:FALSE")
    signed = ("-CA", f"{by}.crt", "-CAkey", f"{by}.key", *of)
    _openssl(folder, *_NEW, *signed, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt")


def lock(folder: Path, name: str, password: str) -> None:
    """`name-locked.key`: the key `name.key` behind a password."""
    files = ("-in", f"{name}.key", "-out", f"{name}-locked.key")
    _openssl(folder, "ec", "-aes256", "-passout", f"pass:{password}", *files)
