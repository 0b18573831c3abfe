"""Comparing several numbers with several others at once: a few instructions on vectors. Kernels only.

LLVM lowers them to what the processor has; the answer is the same on all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numpy.typing import NDArray

from buffers.kernel import intrinsic

LANES = 16
"""Numbers that `any_equal` compares."""

BLOCK = 8
"""Numbers that `common_of_blocks` compares with as many."""

_I32 = ir.IntType(32)
_I64 = ir.IntType(64)


def _load(context: Any, builder: Any, array_type: Any, array: Any, index: Any, vector: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    value = builder.load(builder.bitcast(builder.gep(data, [index]), vector.as_pointer()))
    value.align = array_type.dtype.bitwidth // 8
    return value


def _any_equal(typing_context: Any, one: Any, one_index: Any, other: Any, other_index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector, bits = ir.VectorType(_I32, LANES), ir.IntType(LANES)
        left_array, left_index, right_array, right_index = arguments
        left = _load(context, builder, signature.args[0], left_array, left_index, vector)
        right = _load(context, builder, signature.args[2], right_array, right_index, vector)
        equal = builder.icmp_unsigned("==", left, right)
        return builder.icmp_unsigned("!=", builder.bitcast(equal, bits), ir.Constant(bits, 0))

    return types.boolean(one, types.int64, other, types.int64), generate


def _common_of_blocks(typing_context: Any, values: Any, one: Any, other: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, one_index, other_index = arguments
        vector, bits = ir.VectorType(_I64, BLOCK), ir.IntType(BLOCK)
        block = _load(context, builder, signature.args[0], array, one_index, vector)
        data = context.make_array(signature.args[0])(context, builder, array).data
        empty, everywhere = ir.Constant(vector, None), ir.Constant(ir.VectorType(_I32, BLOCK), None)
        found = None
        for lane in range(BLOCK):
            value = builder.load(builder.gep(data, [builder.add(other_index, ir.Constant(_I64, lane))]))
            single = builder.insert_element(empty, value, ir.Constant(_I32, 0))
            equal = builder.icmp_unsigned("==", block, builder.shuffle_vector(single, empty, everywhere))
            found = equal if found is None else builder.or_(found, equal)
        return builder.zext(builder.ctpop(builder.bitcast(found, bits)), _I64)

    return types.int64(values, types.int64, types.int64), generate


any_equal: Callable[[NDArray[np.uint32], int, NDArray[np.uint32], int], bool] = intrinsic(_any_equal)
"""any_equal(a, i, b, j): whether a[i + k] == b[j + k] for some k of 0 to 15.

Contiguous uint32 arrays, of several dimensions taken as one; 16 values from either place must be inside.
"""

common_of_blocks: Callable[[NDArray[np.uint64], int, int], int] = intrinsic(_common_of_blocks)
"""common_of_blocks(values, i, j): how many of values[i:i + 8] occur in values[j:j + 8].

A contiguous uint64 array; both blocks must be inside.
"""
