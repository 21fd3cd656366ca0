"""Serving the web application: one process, one socket, an end within two seconds."""

from __future__ import annotations

import gc
import logging
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from watchfloor.config.load import network
from watchfloor.web.address import claim, listen, url_of
from watchfloor.web.app import create_app
from watchfloor.web.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchfloor.site import Site

log = logging.getLogger(__name__)

_LAST_REQUESTS = 1  # seconds that requests get to end when the process stops


def serve(site: Site, redis_url: str, host: str, port: int, stop: threading.Event | None = None) -> None:
    """Serve a site until SIGINT, SIGTERM or `stop`. Port 0 takes a free one.

    WatchfloorError when the address cannot be had, or is open to others while the settings do not say that
    anyone may look; nothing was started then.
    """
    with claim(host, port, anyone=site.settings.web.allow_anonymous) as listener:
        server = _Server(site, redis_url, listener, stop or threading.Event())
        gc.freeze()  # what a site is made of stays: collecting garbage need not go through it each time
        server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends the live streams before it stops, which would wait for them."""

    def __init__(self, site: Site, redis_url: str, listener: socket.socket, stop: threading.Event) -> None:
        self._url = url_of(*listener.getsockname()[:2])
        self._stop = stop
        proxies = [proxy for text in site.settings.web.trusted_proxies if (proxy := network(text))]
        super().__init__(
            uvicorn.Config(
                create_app(site, redis_url),
                http=Protocol,
                log_config=None,
                access_log=False,
                lifespan="on",
                server_header=False,
                # By default whoever is on this machine could say that it is somebody else.
                proxy_headers=bool(proxies),
                forwarded_allow_ips=proxies,
                timeout_graceful_shutdown=_LAST_REQUESTS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        log.info("serving at %s/", self._url)

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._stop.is_set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.lifespan.state["web"].hub.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """A signal ends the server, and that is all: the caller goes on in order."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


@contextmanager
def serving(site: Site, redis_url: str, port: int = 0) -> Iterator[str]:
    """Serve in a thread of this process, for tests; gives the URL, which answers from then on."""
    stop = threading.Event()
    with listen("127.0.0.1", port) as listener:
        server = _Server(site, redis_url, listener, stop)
        thread = threading.Thread(target=server.run, args=([listener],), name="web")
        thread.start()
        try:
            yield url_of(*listener.getsockname()[:2])
        finally:
            stop.set()
            thread.join()
