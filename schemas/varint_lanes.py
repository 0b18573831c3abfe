"""Sixteen varints of one width at once: a few instructions on vectors. Kernels only; little-endian processors only.

LLVM lowers them to what the processor has (AVX-512, AVX2, SSE2, NEON); the answer is the same on all of them. The
width is given as a constant, so that the shuffle between ids of four bytes and varints of `width` bytes is one too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core.errors import RequireLiteralValue
from numpy.typing import NDArray

from buffers.kernel import intrinsic

LANES = 16
"""Ids that one call takes."""

_I8 = ir.IntType(8)
_I64 = ir.IntType(64)
_IDS = ir.VectorType(ir.IntType(32), LANES)
_FLAGS = ir.IntType(LANES)


def _everywhere(value: int) -> Any:
    return ir.Constant(_IDS, [value] * LANES)


def _bytes(count: int) -> Any:
    return ir.VectorType(_I8, count)


def _place(context: Any, builder: Any, array_type: Any, array: Any, index: Any, vector: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())


def _shuffled(builder: Any, source: Any, order: list[int]) -> Any:
    """Bytes order[0], order[1], ... of `source`; a negative number stands for a byte of zero."""
    count = source.type.count
    chosen = [count if at < 0 else at for at in order]
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(order)), chosen)
    return builder.shuffle_vector(source, ir.Constant(source.type, None), mask)


def _flags(builder: Any, lanes: Any) -> Any:
    """Bit i of the answer, a uint64: lane i is not zero."""
    return builder.zext(builder.bitcast(builder.icmp_unsigned("!=", lanes, _everywhere(0)), _FLAGS), _I64)


def _literal(width: Any) -> int:
    if not isinstance(width, types.IntegerLiteral):
        raise RequireLiteralValue("the width is a constant of the kernel")
    return int(width.literal_value)


def _pack_lanes(typing_context: Any, ids: Any, index: Any, data: Any, place: Any, width: Any) -> Any:
    size = _literal(width)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = builder.load(_place(context, builder, signature.args[0], arguments[0], arguments[1], _IDS))
        source.align = 4
        packed = _everywhere(sum(0x80 << 8 * k for k in range(size - 1)))
        for k in range(size):
            digit = builder.and_(builder.shl(source, _everywhere(k)), _everywhere(0x7F << 8 * k))
            packed = builder.or_(packed, digit)
        body = _bytes(size * LANES)
        order = [4 * i + k for i in range(LANES) for k in range(size)]
        packed = _shuffled(builder, builder.bitcast(packed, _bytes(4 * LANES)), order)
        target = _place(context, builder, signature.args[2], arguments[2], arguments[3], body)
        builder.store(packed, target, align=1)
        return _flags(builder, builder.lshr(source, _everywhere(7 * size)))

    return types.uint64(ids, types.int64, data, types.int64, width), generate


def _unpack_lanes(typing_context: Any, data: Any, place: Any, ids: Any, index: Any, width: Any) -> Any:
    size = _literal(width)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        # A load of 48 bytes would fall apart: three bytes an id are taken as the end of a whole vector.
        ahead = LANES if size == 3 else 0
        body = _bytes(size * LANES + ahead)
        begin = builder.sub(arguments[1], ir.Constant(_I64, ahead))
        source = builder.load(_place(context, builder, signature.args[0], arguments[0], begin, body))
        source.align = 1
        order = [ahead + size * i + k if k < size else -1 for i in range(LANES) for k in range(4)]
        values = builder.bitcast(_shuffled(builder, source, order), _IDS)
        found = _everywhere(0)
        for k in range(size):
            digit = builder.and_(builder.lshr(values, _everywhere(k)), _everywhere(0x7F << 7 * k))
            found = builder.or_(found, digit)
        target = _place(context, builder, signature.args[2], arguments[2], arguments[3], _IDS)
        builder.store(found, target, align=4)
        announced = builder.and_(values, _everywhere(sum(0x80 << 8 * k for k in range(size))))
        expected = _everywhere(sum(0x80 << 8 * k for k in range(size - 1)))
        return _flags(builder, builder.xor(announced, expected))

    return types.uint64(data, types.int64, ids, types.int64, width), generate


pack_lanes: Callable[[NDArray[np.uint32], int, NDArray[np.uint8], int, int], np.uint64] = intrinsic(_pack_lanes)
"""pack_lanes(ids, i, data, p, width): writes ids[i:i + 16] as varints to data[p:p + 16 * width].

Contiguous uint32 and uint8 arrays, of several dimensions taken as one. The answer has a bit for each id that does not
fit; bit k stands for id i + k.
"""

unpack_lanes: Callable[[NDArray[np.uint8], int, NDArray[np.int32], int, int], np.uint64] = intrinsic(_unpack_lanes)
"""unpack_lanes(data, p, ids, i, width): reads ids[i:i + 16] from the varints data[p:p + 16 * width].

Contiguous uint8 and int32 arrays, of several dimensions taken as one; p is at least 16, for a vector may begin before
it. The answer has a bit for each varint of another width.
"""
