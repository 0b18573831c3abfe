import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from buffers.texts import Texts
from filtering.encoded_data import count_encoded

BASE64 = re.compile(rb"[A-Za-z0-9+/]{64,}")
UNIT = re.compile(rb"\\x[0-9a-fA-F]{2}|0x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}")
DIGEST = b"0123456789abcdef" * 4
BLOB = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5"
PIECES = st.sampled_from(
    [
        DIGEST,
        BLOB,
        BLOB[:63],
        b"=",
        b"==",
        b"\n",
        b"    ",
        b'"',
        b"\\x4f",
        b"0xAB, ",
        b"\\u00e9",
        b"0x1",
        b"u",
        b"xyz",
        b"this/is/a/path",
        b"X" * 40,
        b"-" * 9,
    ]
)


def plain_base64(document: bytes) -> tuple[int, int]:
    total = longest = chain = 0
    chain_end = None
    for match in BASE64.finditer(document):
        run = match.group()
        hexadecimal = re.fullmatch(rb"[0-9a-fA-F]+", run)
        mixed = re.search(rb"[a-z]", run) and re.search(rb"[A-Z]", run)
        if not re.search(rb"[0-9]", run) or not (hexadecimal or mixed):
            continue
        end = match.end()
        while end < min(match.end() + 2, len(document)) and document[end : end + 1] == b"=":
            end += 1
        chain = (chain if chain_end is not None and match.start() - chain_end <= 8 else 0) + end - match.start()
        chain_end = end
        total += end - match.start()
        longest = max(longest, chain)
    return total, longest


def plain_escapes(document: bytes) -> tuple[int, int]:
    runs: list[tuple[str, list[re.Match[bytes]]]] = []
    for match in UNIT.finditer(document):
        kind = match.group()[:2].decode()
        if runs and runs[-1][0] == kind and match.start() - runs[-1][1][-1].end() <= 8:
            runs[-1][1].append(match)
        else:
            runs.append((kind, [match]))
    sizes = [units[-1].end() - units[0].start() for _, units in runs if len(units) >= 8]
    return sum(sizes), max(sizes, default=0)


def plain(document: bytes) -> list[int]:
    base64, escapes = plain_base64(document), plain_escapes(document)
    return [base64[0] + escapes[0], max(base64[1], escapes[1])]


@given(st.lists(st.lists(PIECES, max_size=40).map(b"".join), max_size=4))
@example([b"x\\x41" * 8, b"0" * 64, DIGEST + b"\n" + DIGEST, b""])
def test_equals_the_plain_counts(documents: list[bytes]) -> None:
    assert count_encoded(Texts.from_list(documents)).tolist() == [plain(document) for document in documents]


@pytest.mark.parametrize("before", range(0, 130, 7))
@pytest.mark.parametrize("length", [63, 64, 65, 127, 128, 129, 200])
def test_runs_that_lie_anywhere_across_blocks(before: int, length: int) -> None:
    run = (DIGEST * 4)[:length]
    for document in (b" " * before + run, b" " * before + run + b" ", b" " * before + run + b"==\n"):
        assert count_encoded(Texts.from_list([document, document])).tolist() == [plain(document)] * 2


def test_paths_identifiers_and_rulers_are_not_encoded() -> None:
    path = b"com/google/android/exoplayer/extractor/metadata/decoder/handlers/factory/"
    assert count_encoded(Texts.from_list([path, b"a" * 500, b"/" * 500])).tolist() == [[0, 0]] * 3


def test_lines_of_base64_are_one_run() -> None:
    armoured = b"\n".join(BLOB[:64] for _ in range(30))
    assert count_encoded(Texts.from_list([armoured])).tolist() == [[30 * 64, 30 * 64]]
