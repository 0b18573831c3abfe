"""Documents that are hard on the kernels."""

from hypothesis import strategies as st

_PIECES = [b" ", b"\n", b"a", b"foo_bar", b"0", b"x" * 7, b"y" * 8, b"z" * 9, b"w" * 16, b"v" * 17, b"u" * 33]
_OTHERS = ["é", "naïve", "日本語", "🙂"]
PIECES = st.sampled_from([*_PIECES, *(other.encode() for other in _OTHERS), b"\xff", b"\x80", b"\xe0\xe0", b"(", b"."])
HOSTILE = st.lists(PIECES, max_size=120).map(b"".join) | st.binary(max_size=200)
