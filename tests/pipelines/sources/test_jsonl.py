from __future__ import annotations

import gzip
import json
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources import jsonl, plan
from pipelines.sources.elements import RejectRow
from schemas.documents import BLOCK_BYTES
from schemas.errors import CodemillError
from schemas.reasons import Reject
from storage.files import write_atomic
from tests.pipelines.sources.reading import (
    Outcome,
    pile,
    read_all,
    read_units,
    whole_file_reject,
    write_files,
)
from tests.storage.server import storage_environment


def line(text: str, subset: str = "Github") -> bytes:
    return json.dumps({"text": text, "meta": {"pile_set_name": subset}}).encode() + b"\n"


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def packed(suffix: str, data: bytes) -> bytes:
    if suffix == ".jsonl.gz":
        return gzip.compress(data)
    return zst(data) if suffix == ".jsonl.zst" else data


GOOD = [line(f"text {i}\n", "Pile-CC") for i in range(20)]
GOOD_TEXTS = [f"text {i}\n".encode() for i in range(20)]


@pytest.mark.parametrize("suffix", jsonl.SUFFIXES)
def test_documents(tmp_path: Path, suffix: str) -> None:
    write_files(tmp_path, {f"d/00{suffix}": packed(suffix, b"".join(GOOD))})
    outcome = read_all(pile(tmp_path / "d" / f"*{suffix}", language="french"))
    assert outcome.rejects == []
    assert outcome.texts == GOOD_TEXTS
    assert outcome.documents[7] == {
        "repository": f"00{suffix}",
        "path": "8",
        "revision": "",
        "license": "",
        "language": "french",
        "subset": "Pile-CC",
        "stars": 0,
        "copies": 1,
        "text": b"text 7\n",
    }


def among_good_lines(tmp_path: Path, bad: bytes, **options: int) -> Outcome:
    """Put bad lines between good ones; all good ones have to come out."""
    write_files(tmp_path, {"a.jsonl": b"".join(GOOD[:10]) + bad + b"".join(GOOD[10:])})
    outcome = read_all(pile(tmp_path / "a.jsonl", **options))
    assert [text for text in outcome.texts if text.startswith(b"text ")] == GOOD_TEXTS
    return outcome


HOSTILE_LINES = {
    "not JSON": (b"hello\n", "malformed_json"),
    "cut JSON": (b'{"text": "hel\n', "malformed_json"),
    "two values": (b'{"text":"a"}{"text":"b"}\n', "malformed_json"),
    "NaN": (b'{"text":"a","x":NaN}\n', "malformed_json"),
    "text twice": (b'{"text":"a","text":"b"}\n', "malformed_json"),
    "deep": (b'{"text":"a","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}\n", "malformed_json"),
    "bad UTF-8": (b'{"text":"a\xff"}\n', "not_utf8"),
    "Latin-1": ('{"text":"é"}\n'.encode("latin-1"), "not_utf8"),
    "no text": (b'{"meta":{}}\n', "missing_text"),
    "null text": (b'{"text":null}\n', "missing_text"),
    "a list": (b"[1,2]\n", "missing_text"),
    "escaped NUL": (b'{"text":"a\\u0000"}\n', "nul_byte"),
    "raw NUL": (b'{"text":"a\0"}\n', "malformed_json"),
    "lone surrogate": (b'{"text":"a\\ud800"}\n', "lone_surrogate"),
    "empty text": (b'{"text":""}\n', "empty_document"),
    "only a byte-order mark": (b'{"text":"\\ufeff"}\n', "empty_document"),
    "too long": (b'{"text":"' + b"x" * 300_000 + b'"}\n', "too_large"),
    "too long and no JSON": (b"x" * 300_000 + b"\n", "too_large"),
}


@pytest.mark.parametrize("name", HOSTILE_LINES)
def test_a_bad_line_is_rejected_alone(tmp_path: Path, name: str) -> None:
    bad, reason = HOSTILE_LINES[name]
    outcome = among_good_lines(tmp_path, bad, max_document_bytes=200_000)
    assert outcome.texts == GOOD_TEXTS
    assert outcome.reasons == [("line 11", reason)]
    (row,) = outcome.rejects
    assert row.file == "a.jsonl"
    assert row.detail
    assert row.bytes == (len(bad) - 1 if reason not in ("nul_byte", "empty_document") else row.bytes)


def test_all_bad_lines_at_once(tmp_path: Path) -> None:
    outcome = among_good_lines(tmp_path, b"".join(b for b, _ in HOSTILE_LINES.values()), max_document_bytes=200_000)
    assert sorted(outcome.reasons) == sorted(
        (f"line {11 + i}", reason) for i, (_, reason) in enumerate(HOSTILE_LINES.values())
    )


GOOD_ODDITIES = {
    "CRLF": (b'{"text":"a\\r\\n"}\r\n', [b"a\r\n"]),
    "U+2028 and other separators": ('{"text":"a\u2028b\u2029c\x85d"}\n'.encode(), ["a\u2028b\u2029c\x85d".encode()]),
    "escaped control characters": (b'{"text":"a\\u000b\\u000c\\u001c"}\n', [b"a\x0b\x0c\x1c"]),
    "a pair of surrogates": (b'{"text":"\\ud83d\\ude00"}\n', ["\U0001f600".encode()]),
    "blank lines": (b"\n  \n\r\n", []),
    "a byte-order mark": (b'{"text":"\\ufeffa"}\n', [b"a"]),
    "an end-of-text token": (b'{"text":"<|endoftext|>"}\n', [b"<|endoftext|>"]),
}


@pytest.mark.parametrize("name", GOOD_ODDITIES)
def test_odd_lines_are_good(tmp_path: Path, name: str) -> None:
    odd, texts = GOOD_ODDITIES[name]
    outcome = among_good_lines(tmp_path, odd)
    assert outcome.rejects == []
    assert outcome.texts == GOOD_TEXTS[:10] + texts + GOOD_TEXTS[10:]
    assert outcome.documents[-1]["path"] == str(20 + odd.count(b"\n"))


def test_a_byte_order_mark_before_the_first_line(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.jsonl": b"\xef\xbb\xbf" + b"".join(GOOD)})
    assert read_all(pile(tmp_path / "a.jsonl")).texts == GOOD_TEXTS


def test_a_utf16_file(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.jsonl": '{"text":"a"}\n'.encode("utf-16"), "b.jsonl": GOOD[0]})
    outcome = read_all(pile(tmp_path))
    assert outcome.texts == GOOD_TEXTS[:1]
    assert [row.file for row in outcome.rejects] == ["a.jsonl"]
    assert outcome.rejects[0].reason is Reject.TRUNCATED_FILE  # its last byte is half a character


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".jsonl.zst"])
def test_a_cut_download_is_rejected_whole(tmp_path: Path, suffix: str) -> None:
    whole = packed(suffix, b"".join(line(f"{i * i * i % 99991} words") for i in range(50_000)))
    size = len(whole) * 6 // 10
    write_files(tmp_path, {f"a{suffix}": whole[:size], f"b{suffix}": packed(suffix, b"".join(GOOD))})
    outcome = read_all(pile(tmp_path))
    assert outcome.texts == GOOD_TEXTS
    assert [(row.file, row.reason, row.bytes) for row in outcome.rejects] == [
        (f"a{suffix}", Reject.TRUNCATED_FILE, size)
    ]


def test_an_uncompressed_file_cut_inside_a_line(tmp_path: Path) -> None:
    data = b"".join(GOOD)
    for end in (len(data) - 2, len(data) - 20):
        write_files(tmp_path, {"a.jsonl": data[:end]})
        reason, detail = whole_file_reject(pile(tmp_path / "a.jsonl"))
        assert reason is Reject.TRUNCATED_FILE
        assert detail.startswith("the file ends inside a line")


def test_a_compressed_file_that_was_cut_before_it_was_compressed(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.jsonl.gz": gzip.compress(b"".join(GOOD)[:-5])})
    assert whole_file_reject(pile(tmp_path / "a.jsonl.gz"))[0] is Reject.TRUNCATED_FILE


def test_a_cut_inside_a_character(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.jsonl": GOOD[0] + '{"text":"é'.encode()[:-1]})
    assert whole_file_reject(pile(tmp_path / "a.jsonl"))[0] is Reject.TRUNCATED_FILE


def test_a_complete_last_line_without_newline_is_good(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.jsonl": b"".join(GOOD)[:-1]})
    outcome = read_all(pile(tmp_path / "a.jsonl"))
    assert (outcome.texts, outcome.rejects) == (GOOD_TEXTS, [])


def test_empty_files(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.jsonl": b"", "b.jsonl.gz": b"", "c.jsonl.zst": b"", "d.jsonl.gz": gzip.compress(b"")})
    outcome = read_all(pile(tmp_path))
    assert outcome.documents == []
    assert [(row.file, row.reason) for row in outcome.rejects] == [
        ("b.jsonl.gz", Reject.TRUNCATED_FILE),
        ("c.jsonl.zst", Reject.TRUNCATED_FILE),
    ]


def test_compressed_twice(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.jsonl.gz": gzip.compress(gzip.compress(b"".join(GOOD)))})
    outcome = read_all(pile(tmp_path))
    assert outcome.documents == []
    assert outcome.rejects


@pytest.mark.slow
@pytest.mark.parametrize("closed", [True, False])
def test_a_line_of_200_megabytes(tmp_path: Path, closed: bool) -> None:
    compressor = zstandard.ZstdCompressor().compressobj()
    with open(tmp_path / "a.jsonl.zst", "wb") as file:
        file.write(compressor.compress(GOOD[0] + b'{"text":"'))
        for _ in range(200):
            file.write(compressor.compress(b"x" * 1_000_000))
        file.write(compressor.compress(b'"}\n' + GOOD[1] if closed else b""))
        file.write(compressor.flush())
    outcome = read_all(pile(tmp_path))
    assert outcome.texts == (GOOD_TEXTS[:2] if closed else GOOD_TEXTS[:1])
    size = 200_000_000 + len(b'{"text":"') + (2 if closed else 0)
    detail = f"{size} bytes; max_document_bytes is {64 << 20}"
    assert outcome.rejects == [RejectRow("a.jsonl.zst", "line 2", Reject.TOO_LARGE, detail, size)]


@given(texts=st.lists(st.text("ab\n", max_size=12), max_size=12), count=st.integers(1, 7), newline=st.booleans())
def test_byte_ranges_read_each_line_once(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], count: int, newline: bool
) -> None:
    data = b"".join(json.dumps({"text": f"t{text}"}).encode() + b"\n" for text in texts)
    data = data if newline else data[:-1]
    root = tmp_path_factory.mktemp("ranges")
    write_files(root, {"a.jsonl": data})
    config = pile(root)
    whole = read_all(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonl, "RANGE_BYTES", max(1, len(data) // count))
        units = plan("s", config)
        assert units[0].start == 0
        assert units[-1].end == len(data)
        assert all(a.end == b.start for a, b in pairwise(units))
        cut = read_units(units, config)
    assert cut.texts == whole.texts == [f"t{text}".encode() for text in texts]
    if len(units) > 1:
        for document in cut.documents:
            offset = int(document["path"].removeprefix("@"))
            assert json.loads(data[offset:].split(b"\n")[0])["text"].encode() == document["text"]


def test_ranges_place_rejects_by_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"a.jsonl": GOOD[0] + b"bad\n" + GOOD[1] + b'{"text":""}\n'})
    monkeypatch.setattr(jsonl, "RANGE_BYTES", 30)
    outcome = read_all(pile(tmp_path))
    assert outcome.texts == GOOD_TEXTS[:2]
    second = len(GOOD[0])
    assert outcome.reasons == [
        (f"byte {second}", "malformed_json"),
        (f"byte {second + 4 + len(GOOD[1])}", "empty_document"),
    ]


def test_a_cut_file_in_ranges_is_noticed_by_its_last_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"a.jsonl": b"".join(GOOD)[:-5]})
    monkeypatch.setattr(jsonl, "RANGE_BYTES", 300)
    config = pile(tmp_path)
    units = plan("s", config)
    assert len(units) > 2
    assert read_units(units[:-1], config).rejects == []
    assert [row.reason for row in read_units(units[-1:], config).rejects] == [Reject.TRUNCATED_FILE]


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".jsonl.zst"])
def test_stripes_of_a_large_compressed_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    lines = [*GOOD, b"bad\n", line("y" * 500), b"\n", line("z")]
    write_files(tmp_path, {f"a{suffix}": packed(suffix, b"".join(lines))})
    config = pile(tmp_path, max_document_bytes=400)
    whole = read_all(config)
    monkeypatch.setattr(jsonl, "COMPRESSED_BYTES", 50)
    monkeypatch.setattr(jsonl, "MOST_STRIPED", 3)
    monkeypatch.setattr(jsonl, "STRIPE_BYTES", 150)
    units = plan("s", config)
    assert [(unit.start, unit.end) for unit in units] == [(0, 3), (1, 3), (2, 3)]
    assert len({unit.identity() for unit in units}) == 3
    striped = [read_units([unit], config) for unit in units]
    assert all(part.documents for part in striped)
    documents = [document for part in striped for document in part.documents]
    assert sorted(documents, key=lambda d: int(d["path"])) == whole.documents
    assert sorted(reason for part in striped for reason in part.reasons) == sorted(whole.reasons)
    assert len(whole.reasons) == 2


def test_each_stripe_of_a_cut_file_notices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {"a.jsonl.zst": zst(b"".join(GOOD))[:-9]})
    monkeypatch.setattr(jsonl, "COMPRESSED_BYTES", 60)
    config = pile(tmp_path)
    units = plan("s", config)
    assert len(units) > 1
    for unit in units:
        outcome = read_units([unit], config)
        assert outcome.documents == []
        assert [row.reason for row in outcome.rejects] == [Reject.TRUNCATED_FILE]


def test_blocks_of_a_large_file(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.jsonl": b"".join(line("x" * 9_000_000) for _ in range(10))})
    config = pile(tmp_path)
    (unit,) = plan("s", config)
    sizes = [element.num_rows for element in jsonl.read(unit, config)]  # type: ignore[union-attr]
    assert sizes == [-(-BLOCK_BYTES // 9_000_000), 10 - -(-BLOCK_BYTES // 9_000_000)]


def test_plan_sorts_by_name_and_hides_the_place(tmp_path: Path) -> None:
    for root in ("one", "two"):
        write_files(tmp_path / root, {"b.jsonl": GOOD[1], "a/c.jsonl": GOOD[0], "B.jsonl": GOOD[2], "no.txt": b"x"})
    config = pile(tmp_path / "one")
    units = plan("s", config)
    assert [unit.files[0].relative for unit in units] == ["B.jsonl", "a/c.jsonl", "b.jsonl"]
    assert [unit.ordinal for unit in units] == [0, 1, 2]
    assert read_all(config).documents == read_all(pile(tmp_path / "two")).documents
    paths = [tmp_path / "one" / "*.jsonl", tmp_path / "one" / "a" / ".." / "b.jsonl"]
    assert [unit.files[0].relative for unit in plan("s", pile(*paths))] == ["B.jsonl", "b.jsonl"]
    assert plan("s", pile(*reversed(paths)))[0].identity() == plan("s", pile(*paths))[0].identity()


def test_names_that_are_not_text(tmp_path: Path) -> None:
    write_files(tmp_path, {"new\nline.jsonl": GOOD[0]})
    with open(bytes(tmp_path) + b"/caf\xe9.jsonl", "wb") as file:
        file.write(GOOD[1] + b"bad\n")
    outcome = read_all(pile(tmp_path))
    assert [row["repository"] for row in outcome.documents] == ["caf\\xe9.jsonl", "new\nline.jsonl"]
    assert [row.file for row in outcome.rejects] == ["caf\\xe9.jsonl"]


def test_errors_of_the_config(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.txt": b"", "x/a.jsonl": b"", "y/a.jsonl": b""})
    with pytest.raises(CodemillError, match="nope: matches no file; check it"):
        plan("s", pile(tmp_path / "nope"))
    with pytest.raises(CodemillError, match=r"a.txt: a file of kind pile_jsonl ends in \.jsonl, "):
        plan("s", pile(tmp_path / "*.txt"))
    with pytest.raises(CodemillError, match=r"have the same name 'a.jsonl' within this source; name both by one"):
        plan("s", pile(tmp_path / "x", tmp_path / "y"))


@pytest.mark.parametrize("change", ["content", "gone"])
def test_a_file_that_changes_after_planning_ends_the_build(tmp_path: Path, change: str) -> None:
    write_files(tmp_path, {"a.jsonl": GOOD[0]})
    config = pile(tmp_path)
    units = plan("s", config)
    if change == "gone":
        (tmp_path / "a.jsonl").unlink()
    else:
        write_atomic(str(tmp_path / "a.jsonl"), GOOD[1])
    with pytest.raises(CodemillError, match=r"a.jsonl: has changed since the build began; leave the input alone"):
        read_units(units, config)


def test_google_cloud_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"a.jsonl": b"".join(GOOD) + b"bad\n", "d/b.jsonl.zst": zst(b"".join(GOOD)), "c.jsonl.gz": b""}
    write_files(tmp_path, {name: content for name, content in files.items()})
    with storage_environment() as bucket:
        for name, content in files.items():
            write_atomic(f"{bucket}/pile/{name}", content)
        monkeypatch.setattr(jsonl, "RANGE_BYTES", 500)
        for local, remote in ((tmp_path, f"{bucket}/pile"), (tmp_path / "**/*.zst", f"{bucket}/pile/**/*.zst")):
            assert read_all(pile(remote)) == read_all(pile(local))
        assert len(read_all(pile(f"{bucket}/pile")).documents) == 40
        units = plan("s", pile(f"{bucket}/pile"))
        write_atomic(f"{bucket}/pile/a.jsonl", GOOD[0])
        with pytest.raises(CodemillError, match="has changed since the build began"):
            read_units(units, pile(f"{bucket}/pile"))
