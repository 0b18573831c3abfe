import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buffers.texts import Texts
from schemas.config import FillInTheMiddleConfig
from tests.tokenization.byte_level_vocabulary import gpt2_like_files
from tests.tokenization.packing.plain import order_of
from tokenization.codegen import build
from tokenization.packing.fill_in_the_middle import FillInTheMiddle
from tokenization.packing.records import Documents, Form, Packed
from tokenization.packing.rewriting import pack_rewritten

CONFIG = FillInTheMiddleConfig(rate=0.6)
TOKENIZER = build(*gpt2_like_files(), specials=CONFIG.tokens)
MIDDLE = FillInTheMiddle(TOKENIZER, CONFIG)
SENTINELS = [TOKENIZER.special_id(name) for name in CONFIG.tokens]
SEPARATOR = TOKENIZER.separator_id
documents_strategy = st.lists(st.text(st.sampled_from("ab 1\n\té漢🙂.()"), max_size=120), max_size=8)


def packed_texts(documents: list[str], length: int, fitted: bool) -> tuple[Packed, list[np.ndarray]]:
    batch = TOKENIZER.encode(Texts.from_list([text.encode() for text in documents]))
    hashes = np.random.default_rng(len(documents)).integers(0, 2**63, len(documents), np.uint64)
    given = Documents(batch.ids, batch.offsets, order_of([[]] * len(documents)))
    packed = pack_rewritten(given, length, SEPARATOR, MIDDLE, hashes, fitted=fitted)
    return packed, [batch.document(i) for i in range(len(documents))]


def original(ids: np.ndarray, form: int) -> bytes:
    """The text that a rewritten piece stands for."""
    prefix, suffix, middle = (int(np.flatnonzero(ids == sentinel)[0]) for sentinel in SENTINELS)
    assert prefix == 0
    if form == Form.PREFIX_SUFFIX_MIDDLE:
        runs = [ids[1:suffix], ids[middle + 1 :], ids[suffix + 1 : middle]]
    else:
        assert suffix == 1
        runs = [ids[middle + 1 :], ids[2:middle]]
    return b"".join(map(TOKENIZER.decode, runs))


@pytest.mark.parametrize("fitted", [False, True])
@given(documents=documents_strategy, length=st.integers(1, 60))
def test_every_text_is_there_once_and_whole(fitted: bool, documents: list[str], length: int) -> None:
    packed, ids = packed_texts(documents, length, fitted)
    texts: dict[int, dict[int, bytes]] = {}
    for document, first, tokens, start, count, form in zip(*packed.pieces, strict=True):
        record, place = divmod(int(start), length + 1)
        assert place >= 1 and place + count <= length + 1
        piece = packed.records[record, place : place + count]
        assert SEPARATOR not in piece
        if form == Form.PLAIN:
            assert piece.tolist() == ids[document][first : first + tokens].tolist()
            text = TOKENIZER.decode(piece)
        else:
            text = original(piece, form)
            assert packed.records[record, place + count] == SEPARATOR
            assert text == TOKENIZER.decode(ids[document][first : first + tokens])
        if tokens:
            texts.setdefault(int(document), {})[int(first)] = text
    for number, document in enumerate(documents):
        found = texts.get(number, {})
        assert b"".join(found[first] for first in sorted(found)) == document.encode()


@pytest.mark.parametrize("fitted", [False, True])
@given(documents=documents_strategy, length=st.integers(1, 60))
def test_places_add_up(fitted: bool, documents: list[str], length: int) -> None:
    packed, ids = packed_texts(documents, length, fitted)
    pieces = packed.pieces
    cut_rewritten = sum(
        bool(form) and first + tokens < ids[document].size
        for document, first, tokens, form in zip(pieces.document, pieces.first, pieces.tokens, pieces.form, strict=True)
    )
    assert packed.separators == len(documents) + cut_rewritten
    assert packed.records[:, 1:].size == pieces.ids.sum() + packed.separators + packed.padding
    assert pieces.tokens.sum() == sum(map(len, ids))
    # A separator behind a separator is padding, and so is nothing else, unless a document is empty.
    again = (packed.records[:, 1:] == SEPARATOR) & (packed.records[:, :-1] == SEPARATOR)
    if all(documents):
        assert again.sum() == packed.padding
    assert (np.diff(pieces.start) > 0).all()


def test_pieces_one_after_the_other_leave_little_unused() -> None:
    documents = ["def f(x):\n    return x + 1\n" * (1 + n % 40) for n in range(300)]
    packed, _ = packed_texts(documents, 256, fitted=False)
    assert packed.padding < 0.02 * packed.records.size
    assert 0.4 < np.mean(packed.pieces.form != Form.PLAIN) < 0.8
