"""The queue on disk."""

from __future__ import annotations

import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from watchfloor.store.streams import Entry
from watchfloor.subscriber.spool import Spool, SpoolError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1024 * 1024


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool" / "misp.sqlite3", 64 * MIB)
    spool.open()
    yield spool
    spool.close()


def entries(*times: int, size: int = 10) -> list[Entry]:
    return [Entry((time, 0), "misp_json_tag", b"misp_json_tag %d %s" % (time, b"x" * size)) for time in times]


def times(spool: Spool) -> list[int]:
    return [int(entry.frame.split()[1]) for entry in spool.read(1000, MIB)]


def test_first_in_first_out(spool: Spool) -> None:
    spool.add(entries(1, 2))
    spool.add([Entry((2, 1), "misp_json", b"misp_json {}", 0.5)])
    assert spool.read(9, MIB) == [*entries(1, 2), Entry((2, 1), "misp_json", b"misp_json {}", 0.5)]
    spool.remove(2)
    assert spool.rows == 1
    assert spool.read(9, MIB)[0].at == 0.5
    spool.remove(1)
    assert spool.read(9, MIB) == []


def test_reading_is_bounded_by_count_and_size(spool: Spool) -> None:
    spool.add(entries(1, 2, 3, size=1000))
    assert len(spool.read(2, MIB)) == 2
    assert len(spool.read(9, 2500)) == 2
    assert len(spool.read(9, 1)) == 1


def test_what_waits_is_there_again_after_a_restart(spool: Spool) -> None:
    spool.add(entries(1, 2, 3))
    spool.remove(1)
    home = spool.home
    spool.close()
    assert spool.rows == 0
    spool.open()
    assert (spool.home, times(spool), spool.ends()) == (home, [2, 3], ((2, 0), (3, 0)))


def test_only_its_owner_can_read_it(spool: Spool) -> None:
    assert stat.S_IMODE(spool.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.path.parent.stat().st_mode) == 0o700


def test_two_processes_cannot_have_it(spool: Spool) -> None:
    program = "import sys; from pathlib import Path; from watchfloor.subscriber.spool import Spool; "
    program += "Spool(Path(sys.argv[1]), 1).open()"
    second = subprocess.run(
        [sys.executable, "-c", program, spool.path], capture_output=True, text=True, check=False
    )
    assert "another process has it open" in second.stderr
    spool.close()
    subprocess.run([sys.executable, "-c", program, spool.path], check=True)


def test_a_full_one_takes_more_as_soon_as_there_is_room(tmp_path: Path) -> None:
    small = Spool(tmp_path / "misp.sqlite3", 100_000)
    for time in range(50):
        small.add(entries(time, size=1000))
    with pytest.raises(SpoolError, match=r"full: free disk space, or raise subscriber\.spool_limit"):
        small.add(entries(*range(50, 100), size=1000))
    held = small.rows
    assert held == 50
    assert times(small) == list(range(held)), "a refused one leaves no trace"
    small.remove(20)
    small.add(entries(2000, size=1000))
    assert times(small) == [*range(20, held), 2000]
    small.close()


def test_room_is_given_back(spool: Spool) -> None:
    spool.add(entries(*range(3000), size=10_000))
    assert spool.path.with_name("misp.sqlite3-wal").stat().st_size + spool.path.stat().st_size > 30_000_000
    spool.remove(3000)
    assert spool.path.with_name("misp.sqlite3-wal").stat().st_size + spool.path.stat().st_size < 1_000_000


def test_what_is_stored_by_now_is_dropped(spool: Spool) -> None:
    spool.add(entries(1, 2, 3))
    spool.drop_stored((2, 0), earlier=True)
    assert times(spool) == [1, 2, 3], "these were put here by this process"
    spool.drop_stored((2, 0), earlier=False)
    assert times(spool) == [3]
    spool.close()
    spool.open()
    spool.add(entries(3))
    spool.drop_stored((9, 0), earlier=True)
    assert spool.rows == 1


def test_what_another_subscriber_stored_is_dropped(spool: Spool) -> None:
    spool.add(entries(1, 2, 3, 4, 5))
    assert spool.drop_between(2, 3) == 2
    assert times(spool) == [1, 4, 5]
    spool.remove(1)
    spool.add(entries(6))
    assert times(spool) == [4, 5, 6]
    assert spool.drop_between(9, 10) == 0
    assert spool.drop_between(0, 10) == 3
    assert spool.drop_between(0, 10) == 0


def test_new_ids_keep_the_time_of_receipt(spool: Spool) -> None:
    spool.add([*entries(1000, 2000, 3000), Entry((4000, 0), "misp_json_tag", b"misp_json_tag 4 x", 0.25)])
    spool.remove(1)
    spool.renumber((9000, 7))
    assert [(entry.id, entry.at) for entry in spool.read(9, MIB)] == [
        ((9000, 8), 2),
        ((9000, 9), 3),
        ((9000, 10), 0.25),
    ]


def test_a_damaged_one_is_moved_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "misp.sqlite3"
    path.write_bytes(b"garbage" * 1000)
    spool = Spool(path, MIB)
    spool.add(entries(1))
    assert times(spool) == [1]
    spool.close()
    (aside,) = tmp_path.glob("*.damaged-*")
    assert aside.read_bytes() == b"garbage" * 1000
    assert str(aside) in caplog.text


def test_a_place_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    with pytest.raises(SpoolError, match="cannot be opened"):
        Spool(tmp_path / "spool" / "misp.sqlite3", MIB).add(entries(1))
