"""The address that the pages are served at: whether it can be had, and how it is written."""

from __future__ import annotations

import errno
import ipaddress
import socket

from watchfloor.errors import WatchfloorError


def claim(host: str, port: int, *, anyone: bool) -> socket.socket:
    """A listening socket, on loopback unless `anyone` may look; else a WatchfloorError says why not."""
    listener = listen(host, port)
    address = ipaddress.ip_address(listener.getsockname()[0].partition("%")[0])
    if anyone or address.is_loopback:
        return listener
    listener.close()
    raise WatchfloorError(
        f"web.host '{host}' can be reached from elsewhere, and there is no login: put a proxy with one "
        "before 127.0.0.1, or set web.allow_anonymous: true if everyone who can reach it may see all"
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket on an address, or a WatchfloorError that says what is wrong with it."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise WatchfloorError(
            f"web.host '{host}' is no address ({error.strerror}): give one of this machine with --host"
        ) from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise WatchfloorError(_refused(error, host, port)) from error
    return listener


def _refused(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"web.port {port} is in use: stop the other program or choose another with --port"
    if error.errno == errno.EACCES:
        return f"web.port {port} may not be used by this user: choose one above 1023 with --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"web.host '{host}' is no address of this machine: choose another with --host"
    return f"web.host '{host}' and web.port {port} cannot be used ({error.strerror}): choose others"


def local_host(host: str) -> str:
    """Where a program on this machine reaches what listens on a host."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (shown, not bound)


def url_of(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens on an address."""
    host = local_host(host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
