import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH

from buffers.texts import Texts
from dedup.sketch import sketch
from dedup.to_datasketch import to_datasketch


def test_datasketch_gives_our_estimate_and_finds_neighbours() -> None:
    words = [b"w%d" % i for i in range(300)]
    texts = [b" ".join(words), b" ".join([*words[:270], b"other", *words[270:]]), b" ".join(words[::-1])]
    signatures, _ = sketch(Texts.from_list(texts))
    made = [to_datasketch(signature) for signature in signatures]
    equal = float((signatures[0] == signatures[1]).mean())
    assert made[0].jaccard(made[1]) == equal > 0.9
    index = MinHashLSH(num_perm=256, params=(32, 8))
    index.insert("first", made[0])
    assert index.query(made[1]) == ["first"]
    assert index.query(made[2]) == []
    assert np.array_equal(made[0].hashvalues, signatures[0])


def test_it_is_neither_mixed_with_others_nor_updated() -> None:
    signatures, _ = sketch(Texts.from_list([b"a b c d e f"]))
    made = to_datasketch(signatures[0])
    with pytest.raises(ValueError, match="seed"):
        made.jaccard(MinHash(num_perm=256))
    with pytest.raises(TypeError, match="cannot be updated"):
        made.update(b"token")
