import numpy as np

from tokenization.tokenizer import TokenBatch, identity_of


def test_identity_covers_names_contents_and_their_borders() -> None:
    identities = [
        identity_of(files)
        for files in ({"a": b"bc"}, {"ab": b"c"}, {"a": b"b", "c": b""}, {"a": b"b"}, {"b": b"a"}, {})
    ]
    assert len(set(identities)) == len(identities)


def test_identity_does_not_depend_on_the_order_of_files() -> None:
    assert identity_of({"a": b"1", "b": b"2"}) == identity_of({"b": b"2", "a": b"1"})


def test_documents_of_a_batch() -> None:
    batch = TokenBatch(np.arange(5, dtype=np.uint32), np.array([0, 2, 2, 5]))
    assert [batch.document(i).tolist() for i in range(3)] == [[0, 1], [], [2, 3, 4]]
