import string
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from buffers import masks
from buffers.kernel import kernel

CLASSES = {
    "newline": b"\n",
    "carriage_return": b"\r",
    "digit": string.digits.encode(),
    "hex_letter": b"abcdefABCDEF",
    "letter": string.ascii_letters.encode(),
    "whitespace": b" \t\n\r\v\f",
    "non_ascii": bytes(range(0x80, 0x100)),
    "continuation": bytes(range(0x80, 0xC0)),
    "wide_lead": bytes(range(0xE0, 0x100)),
    "word": (string.ascii_letters + string.digits + "_").encode() + bytes(range(0x80, 0x100)),
}

_newline = masks.newline_mask
_carriage_return = masks.carriage_return_mask
_digit = masks.digit_mask
_hex_letter = masks.hex_letter_mask
_letter = masks.letter_mask
_whitespace = masks.whitespace_mask
_non_ascii = masks.non_ascii_mask
_continuation = masks.continuation_mask
_wide_lead = masks.wide_lead_mask
_word = masks.word_mask
_load = masks.load_u64
_zeros = masks.trailing_zeros
_population = masks.population


@kernel
def all_masks(data: NDArray[np.uint8], index: int, out: NDArray[np.uint64]) -> None:
    out[0] = _newline(data, index)
    out[1] = _carriage_return(data, index)
    out[2] = _digit(data, index)
    out[3] = _hex_letter(data, index)
    out[4] = _letter(data, index)
    out[5] = _whitespace(data, index)
    out[6] = _non_ascii(data, index)
    out[7] = _continuation(data, index)
    out[8] = _wide_lead(data, index)
    out[9] = _word(data, index)


@kernel
def bits(data: NDArray[np.uint8], index: int, x: np.uint64) -> tuple[np.uint64, int, int]:
    return _load(data, index), _zeros(x), _population(x)


def test_every_byte_is_in_its_classes_at_every_place() -> None:
    data = np.frombuffer(bytearray(bytes(range(256)) * 2 + bytes(64)), np.uint8)
    found = np.zeros(len(CLASSES), np.uint64)
    for index in range(256):  # unaligned places too
        all_masks(data, index, found)
        for name, mask in zip(CLASSES, found.tolist(), strict=True):
            expected = sum(1 << i for i in range(64) if int(data[index + i]) in CLASSES[name])
            assert mask == expected, (name, index)


@pytest.mark.parametrize("x", [0, 1, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 0x00F0_0000_0100_0000])
def test_bit_operations(x: int) -> None:
    data = np.arange(1, 20, dtype=np.uint8)
    loaded, zeros, ones = bits(data, 3, np.uint64(x))
    assert int(loaded) == int.from_bytes(data[3:11].tobytes(), "little")
    assert zeros == ((x & -x).bit_length() - 1 if x else 64)
    assert ones == x.bit_count()


def test_masks_are_declared_for_kernels_only() -> None:
    mask: Callable[..., object] = masks.word_mask
    with pytest.raises(NotImplementedError):
        mask(np.zeros(64, np.uint8), 0)
