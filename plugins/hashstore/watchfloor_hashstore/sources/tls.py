"""Whether and how the connection to MISP's database is encrypted. It never falls back to clear text."""

from __future__ import annotations

import ssl
from pathlib import Path

from watchfloor_hashstore.errors import HashstoreError
from watchfloor_hashstore.settings import MysqlSettings

_WHERE = "plugins.hashstore.mysql"


def context(settings: MysqlSettings) -> ssl.SSLContext | None:
    """What TLS has to meet; None where no setting asks for it. HashstoreError names a faulty setting."""
    files = {name: getattr(settings, name) for name in ("ssl_ca", "ssl_cert", "ssl_key")}
    checks = settings.ssl_verify_cert, settings.ssl_verify_identity
    if not any(files.values()) and checks == (None, None):
        return None
    for name, file in files.items():
        if file and not Path(file).is_file():
            raise HashstoreError(f"{_WHERE}.{name}: there is no file '{file}'")
    made = _authorities(settings.ssl_ca)
    made.check_hostname = False not in checks
    made.verify_mode = ssl.CERT_NONE if settings.ssl_verify_cert is False else ssl.CERT_REQUIRED
    _identify(made, settings)
    return made


def _authorities(file: str | None) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cafile=file)
    except ssl.SSLError as error:
        raise HashstoreError(f"{_WHERE}.ssl_ca: '{file}' holds no certificate (PEM)") from error
    # The authority that MySQL makes for itself lacks what Python 3.13 demands beyond the chain and the name.
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return made


def _identify(made: ssl.SSLContext, settings: MysqlSettings) -> None:
    """Give the client a certificate of its own."""
    if settings.ssl_cert is None:
        if settings.ssl_key:
            raise HashstoreError(f"{_WHERE}.ssl_key is set, but no ssl_cert that it belongs to")
        return
    try:
        made.load_cert_chain(settings.ssl_cert, settings.ssl_key, settings.ssl_key_password or "")
    except ssl.SSLError as error:
        raise HashstoreError(
            f"{_WHERE}.ssl_cert: '{settings.ssl_cert}' and ssl_key are no certificate and its key (PEM), or "
            f"ssl_key_password is wrong ({error.reason or error})"
        ) from error
