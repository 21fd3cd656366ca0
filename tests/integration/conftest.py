"""What the tests of whole processes share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "ledger_plugin")]

from lab import Lab, Server, server_in  # noqa: E402 (found by the line above)
from proxy import Proxy, proxy_to  # noqa: E402


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A laboratory. None of its processes may have printed a traceback in the end."""
    with ExitStack() as stack:
        lab = Lab(tmp_path, stack)
        lab.configure()
        yield lab
    assert lab.tracebacks() == []


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A Redis of the test's own."""
    with server_in(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def proxy(server: Server, tmp_path: Path) -> Iterator[Proxy]:
    """A proxy to that Redis."""
    with proxy_to(server.url, tmp_path / "proxy.sock") as proxy:
        yield proxy
