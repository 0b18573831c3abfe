"""What gs:// paths do when the server or the network fails."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from storage import objects
from storage.errors import ExistingFile, ForbiddenFile, MissingFile, StorageError
from storage.files import delete, exists, open_input, open_stream, read_bytes, size, write_atomic, write_new
from storage.listing import list_files
from tests.storage.faults import Fault, FaultProxy, fault_proxy
from tests.storage.server import at_address, storage_server

# The library drops a connection whose answer it has not read to the end without closing it.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")

CONTENT = bytes(range(256)) * 20_000
REFUSALS = (Fault.UNAVAILABLE, Fault.BUSY, Fault.RESET)
BODY = (Fault.RESET_BODY, Fault.CUT_BODY)


@pytest.fixture(scope="module")
def proxy() -> Iterator[FaultProxy]:
    with storage_server() as address, fault_proxy(address) as made:
        yield made


@pytest.fixture
def root(proxy: FaultProxy, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A directory behind the proxy; waits between tries are short."""
    quick = objects.RETRY.with_delay(initial=0.01, maximum=0.02, multiplier=1.0)
    monkeypatch.setattr(objects, "RETRY", quick)
    proxy.pass_all()
    with at_address(proxy.address) as bucket:
        yield f"{bucket}/{abs(hash(request.node.name))}"
    proxy.pass_all()
    gc.collect()  # the dropped connections, while the filter above holds


@pytest.mark.parametrize("fault", [*REFUSALS, Fault.LOST, *BODY])
def test_a_whole_read_is_repeated(root: str, proxy: FaultProxy, fault: Fault) -> None:
    write_atomic(f"{root}/a", CONTENT)
    proxy.break_first("read", fault, fault)
    assert read_bytes(f"{root}/a") == CONTENT
    assert proxy.kinds().count("read") >= 2


@pytest.mark.parametrize("fault", [*REFUSALS, Fault.LOST, *BODY])
def test_ranges_and_streams_go_on_where_they_were_cut(root: str, proxy: FaultProxy, fault: Fault) -> None:
    write_atomic(f"{root}/a", CONTENT)
    proxy.break_first("read", fault, fault)
    with open_input(f"{root}/a") as source:
        assert source.read_at(3_000_000, 1_000_001) == CONTENT[1_000_001:4_000_001]
    proxy.break_first("read", fault, fault)
    with open_stream(f"{root}/a") as stream:
        assert stream.read() == CONTENT
    assert proxy.kinds().count("read") >= 2


@pytest.mark.parametrize("fault", [*REFUSALS, Fault.LOST])
@pytest.mark.parametrize("pieces", [False, True], ids=["bytes", "pieces"])
def test_an_upload_is_repeated(root: str, proxy: FaultProxy, fault: Fault, pieces: bool) -> None:
    proxy.break_first("write", fault, fault)
    write_atomic(f"{root}/a", iter([CONTENT[:1000], CONTENT[1000:]]) if pieces else CONTENT)
    proxy.pass_all()
    assert read_bytes(f"{root}/a") == CONTENT


@pytest.mark.parametrize("kind", ["session", "chunk"])
@pytest.mark.parametrize("fault", [*REFUSALS, Fault.LOST])
def test_an_upload_in_chunks_is_repeated(
    root: str, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch, kind: str, fault: Fault
) -> None:
    monkeypatch.setattr(objects, "UPLOAD_CHUNK", 1 << 20)
    content = CONTENT * 3  # above the 8 MiB from which the library sends chunks
    proxy.break_first(kind, fault)
    write_atomic(f"{root}/a", content)
    assert proxy.kinds().count("chunk") > 1
    proxy.pass_all()
    assert read_bytes(f"{root}/a") == content


@pytest.mark.parametrize("fault", [*REFUSALS, Fault.LOST])
def test_lists_looks_and_deletions_are_repeated(root: str, proxy: FaultProxy, fault: Fault) -> None:
    for name in "abc":
        write_atomic(f"{root}/{name}", b"text")
    proxy.break_first("list", fault)
    assert [entry.relative for entry in list_files(root)] == ["a", "b", "c"]
    proxy.break_first("look", fault)
    assert size(f"{root}/a") == 4
    proxy.break_first("delete", fault)
    delete(f"{root}/a")
    assert proxy.kinds().count("delete") == 2
    assert not exists(f"{root}/a")


def test_a_server_that_stays_down_is_named(root: str, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "RETRY", objects.RETRY.with_timeout(0.1))
    write_atomic(f"{root}/a", b"text")
    proxy.break_all("read", Fault.UNAVAILABLE)
    with pytest.raises(StorageError, match=r"/a: cannot read: the server still fails after many tries \(status 503\)"):
        read_bytes(f"{root}/a")


def test_what_a_retry_cannot_help_is_not_repeated(root: str, proxy: FaultProxy) -> None:
    proxy.pass_all()
    with pytest.raises(MissingFile, match="no such object or bucket"):
        read_bytes(f"{root}/nothing")
    assert len(proxy.seen) == 1


def test_a_failed_upload_leaves_the_old_object(root: str, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomic(f"{root}/a", b"old")
    monkeypatch.setattr(objects, "RETRY", objects.RETRY.with_timeout(0.05))
    monkeypatch.setattr(objects, "SLOWEST_UPLOAD", 1 << 40)
    proxy.break_all("write", Fault.RESET)
    with pytest.raises(StorageError, match="cannot write"):
        write_atomic(f"{root}/a", b"new")
    proxy.pass_all()
    assert read_bytes(f"{root}/a") == b"old"


def test_of_two_writers_of_a_new_object_one_wins(root: str) -> None:
    gate = threading.Barrier(8)

    def write(number: int) -> bool:
        gate.wait()
        try:
            write_new(f"{root}/new", f"writer {number}".encode())
        except ExistingFile:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))
    assert won.count(True) == 1
    assert read_bytes(f"{root}/new") == f"writer {won.index(True)}".encode()


def test_a_lost_answer_to_a_new_object_is_success(root: str, proxy: FaultProxy) -> None:
    proxy.break_first("write", Fault.LOST)
    write_new(f"{root}/new", b"mine")
    with pytest.raises(ExistingFile, match=r"/new: cannot write: it exists"):
        write_new(f"{root}/new", b"another's")
    assert read_bytes(f"{root}/new") == b"mine"


def test_an_object_replaced_while_it_is_read_is_an_error(root: str) -> None:
    write_atomic(f"{root}/a", CONTENT)
    with open_input(f"{root}/a") as source:
        assert source.read_at(4, 0) == CONTENT[:4]
        write_atomic(f"{root}/a", CONTENT[::-1])
        with pytest.raises(OSError, match="was replaced or deleted while it was read"):
            source.read_at(4, 3_000_000)


def test_threads_read_ranges_at_once(root: str) -> None:
    write_atomic(f"{root}/a", CONTENT)
    with open_input(f"{root}/a") as source, ThreadPoolExecutor(8) as pool:
        starts = range(0, len(CONTENT), 64_001)
        pieces = pool.map(lambda start: source.read_at(64_001, start), starts)
        assert b"".join(pieces) == CONTENT


def test_without_credentials_a_private_bucket_is_explained(root: str, proxy: FaultProxy) -> None:
    write_atomic(f"{root}/a", b"text")
    proxy.break_all("read", Fault.FORBIDDEN)
    with pytest.raises(ForbiddenFile, match="no credentials were found and the bucket is not public"):
        read_bytes(f"{root}/a")
