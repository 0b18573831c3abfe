import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.keyed_hash import copy_ids, draws, keyed_hash, keyed_order

MASK = (1 << 64) - 1
GOLDEN = ["e2752494fe1140e7", "7161c1f272a303fc", "40c0652cad3797d6"]
GOLDEN_ORDER = [5, 1, 2, 3, 6, 7, 4, 0]


def finalise(x: int) -> int:
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def plain_keyed_hash(seed: int, purpose: str, document: bytes) -> int:
    import hashlib

    digest = hashlib.blake2b(f"codemill:{seed}:{purpose}".encode(), digest_size=16).digest()
    key_0, key_1 = (int.from_bytes(digest[i : i + 8], "little") for i in (0, 8))
    low, high = (int.from_bytes(document[i : i + 8], "little") for i in (0, 8))
    return finalise(((finalise(low ^ key_0) + high) & MASK) ^ key_1)


def as_rows(ids: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(ids), np.uint8).reshape(len(ids), -1)


@given(st.integers(0, 2**32), st.text(max_size=8), st.lists(st.binary(min_size=16, max_size=16), min_size=1))
def test_equals_the_plain_formula(seed: int, purpose: str, ids: list[bytes]) -> None:
    expected = [plain_keyed_hash(seed, purpose, document) for document in ids]
    assert keyed_hash(seed, purpose, as_rows(ids)).tolist() == expected


def test_golden_vectors() -> None:
    ids = as_rows([bytes(16), bytes(range(16)), b"\xff" * 16])
    assert [f"{h:016x}" for h in keyed_hash(42, "split", ids)] == GOLDEN
    assert keyed_order(42, "records", 8).tolist() == GOLDEN_ORDER


def test_only_the_first_sixteen_bytes_count() -> None:
    wide = as_rows([bytes(range(32))])
    assert keyed_hash(1, "x", wide) == keyed_hash(1, "x", as_rows([bytes(range(16))]))


def test_seed_and_purpose_give_other_hashes() -> None:
    ids = as_rows([bytes(range(16))])
    hashes = {int(keyed_hash(seed, purpose, ids)[0]) for seed in range(10) for purpose in ("a", "b")}
    assert len(hashes) == 20


def test_hashes_are_uniform() -> None:
    ids = np.zeros((100_000, 16), np.uint8)
    ids[:, :4] = np.arange(100_000, dtype="<u4").view(np.uint8).reshape(-1, 4)
    share = (keyed_hash(7, "split", ids) < np.uint64(2**64 // 100)).mean()
    assert 0.009 < share < 0.011


@given(st.integers(0, 300))
def test_order_is_a_permutation(count: int) -> None:
    assert sorted(keyed_order(3, "records", count).tolist()) == list(range(count))


@given(st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=8), st.integers(1, 1000))
def test_copies_of_a_document_are_told_apart_and_the_first_is_itself(ids: list[bytes], copies: int) -> None:
    rows = as_rows(ids)
    assert (copy_ids(rows, np.zeros(len(ids), np.uint16)) == rows).all()
    named = copy_ids(np.repeat(rows[:1], copies, axis=0), np.arange(copies))
    assert np.unique(named, axis=0).shape == (copies, 16)


def test_draws_depend_on_hash_and_place_alone() -> None:
    assert (draws(np.uint64(5), 3, 4) == draws(np.uint64(5), 3, 4)).all()
    every = np.concatenate([draws(np.uint64(hashed), place, 4) for hashed in range(20) for place in range(20)])
    assert np.unique(every).size == every.size
