"""Classes of bytes as 64-bit masks: bit i is set where byte `index + i` is in the class.

Each mask is a handful of LLVM instructions on a vector of 64 bytes, which LLVM lowers to what the processor
has (AVX-512, AVX2, SSE2, NEON); the answer is the same on all of them. Masks read 64 bytes from `index`
whatever the document's end is: the buffer must be padded (see `Texts`), and the caller clears the bits past
the end. Kernels only; little-endian processors only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numpy.typing import NDArray

from buffers.kernel import intrinsic

Bytes: TypeAlias = NDArray[np.uint8]
Mask: TypeAlias = Callable[[Bytes, int], np.uint64]

MASK_BYTES = 64
"""Bytes that one mask reads."""

_I1 = ir.IntType(1)
_I8 = ir.IntType(8)
_I64 = ir.IntType(64)
_VECTOR = ir.VectorType(_I8, MASK_BYTES)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any, element: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    place = builder.gep(builder.bitcast(data, _I8.as_pointer()), [index])
    return builder.bitcast(place, element.as_pointer())


def _unaligned_load(context: Any, builder: Any, array_type: Any, arguments: Any, element: Any) -> Any:
    value = builder.load(_pointer(context, builder, array_type, arguments[0], arguments[1], element))
    value.align = 1
    return value


def _splat(byte: int) -> Any:
    return ir.Constant(_VECTOR, [byte] * MASK_BYTES)


def _class_mask(*ranges: tuple[int, int]) -> Mask:
    """A mask of the bytes that lie in one of the inclusive ranges."""

    def mask(typing_context: Any, data: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            block = _unaligned_load(context, builder, signature.args[0], arguments, _VECTOR)
            found = None
            for low, high in ranges:
                if low == high:
                    inside = builder.icmp_unsigned("==", block, _splat(low))
                else:  # one unsigned comparison: what is below `low` wraps round to large values
                    inside = builder.icmp_unsigned("<=", builder.sub(block, _splat(low)), _splat(high - low))
                found = inside if found is None else builder.or_(found, inside)
            return builder.bitcast(found, _I64)

        return types.uint64(data, types.int64), generate

    return intrinsic(mask)


newline_mask = _class_mask((0x0A, 0x0A))
carriage_return_mask = _class_mask((0x0D, 0x0D))
digit_mask = _class_mask((0x30, 0x39))
hex_letter_mask = _class_mask((0x41, 0x46), (0x61, 0x66))
letter_mask = _class_mask((0x41, 0x5A), (0x61, 0x7A))
whitespace_mask = _class_mask((0x09, 0x0D), (0x20, 0x20))
non_ascii_mask = _class_mask((0x80, 0xFF))
continuation_mask = _class_mask((0x80, 0xBF))
"""UTF-8 bytes that are not the first of a code point."""
wide_lead_mask = _class_mask((0xE0, 0xFF))
"""First bytes of UTF-8 code points of three and four bytes (and bytes that never occur in UTF-8)."""
base64_mask = _class_mask((0x2B, 0x2B), (0x2F, 0x39), (0x41, 0x5A), (0x61, 0x7A))
"""[A-Za-z0-9+/]: the alphabet of base64 without its padding."""
x_or_u_mask = _class_mask((0x75, 0x75), (0x78, 0x78))
zero_or_backslash_mask = _class_mask((0x30, 0x30), (0x5C, 0x5C))
"""With the mask above: the two bytes that escapes such as \\x41, 0x41 and \\u0041 start with."""
symbol_mask = _class_mask((0x23, 0x23), (0x2E, 0x2E), (0xA6, 0xA6))
"""The hash, the full stop, and the last byte of an ellipsis (U+2026)."""
todo_mask = _class_mask((0x44, 0x44), (0x58, 0x58))
"""The rarest letters of TODO and FIXME."""
quote_mask = _class_mask((0x0A, 0x0A), (0x22, 0x22), (0x27, 0x27), (0x5C, 0x5C), (0x60, 0x60))
"""What can end a string of a programming language, or put off its end: quotes, backslash, newline."""
quote_or_slash_mask = _class_mask((0x22, 0x22), (0x27, 0x27), (0x2F, 0x2F), (0x60, 0x60))
"""What can open a string or a comment where comments are as in C."""
quote_or_hash_mask = _class_mask((0x22, 0x23), (0x27, 0x27))
"""What can open a string or a comment where comments start with a hash."""
opener_mask = _class_mask(
    (0x21, 0x23), (0x25, 0x25), (0x27, 0x27), (0x2D, 0x2D), (0x2F, 0x2F), (0x3B, 0x3C), (0x60, 0x60)
)
"""What can open a string or a comment in any known language."""
star_or_dash_mask = _class_mask((0x2A, 0x2A), (0x2D, 0x2D))
"""What the ends of comments over several lines begin with."""
replacement_lead_mask = _class_mask((0xEF, 0xEF))
"""The first byte of U+FFFD in UTF-8 (EF BF BD), and of its neighbours."""
at_sign_mask = _class_mask((0x40, 0x40))
dot_or_colon_mask = _class_mask((0x2E, 0x2E), (0x3A, 0x3A))
"""What separates the parts of an internet address."""
string_quote_mask = _class_mask((0x22, 0x22), (0x27, 0x27))
less_mask = _class_mask((0x3C, 0x3C))
greater_mask = _class_mask((0x3E, 0x3E))
word_mask = _class_mask((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0x80, 0xFF))
"""[A-Za-z0-9_] and every non-ASCII byte."""


def _load_u64(typing_context: Any, data: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _unaligned_load(context, builder, signature.args[0], arguments, _I64)

    return types.uint64(data, types.int64), generate


def _trailing_zeros(typing_context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(_I1, 0))

    return types.int64(types.uint64), generate


def _leading_zeros(typing_context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(_I1, 0))

    return types.int64(types.uint64), generate


def _population(typing_context: Any, x: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


load_u64: Callable[[Bytes, int], np.uint64] = intrinsic(_load_u64)
"""load_u64(data, index): eight bytes, little-endian."""

trailing_zeros: Callable[[np.uint64], int] = intrinsic(_trailing_zeros)
"""trailing_zeros(x): index of the lowest set bit; 64 for zero."""

leading_zeros: Callable[[np.uint64], int] = intrinsic(_leading_zeros)
"""leading_zeros(x): bits above the highest set one; 64 for zero."""

population: Callable[[np.uint64], int] = intrinsic(_population)
"""population(x): set bits."""
