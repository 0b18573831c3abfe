"""Asking for memory before it is needed: a hint that changes no result. Kernels only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numpy.typing import NDArray

from buffers.kernel import intrinsic

_I32 = ir.IntType(32)
_READ, _KEEP, _DATA = ir.Constant(_I32, 0), ir.Constant(_I32, 3), ir.Constant(_I32, 1)


def _prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.gep(data, [arguments[1]])
        prototype = ir.FunctionType(ir.VoidType(), [place.type, _I32, _I32, _I32])
        hint = builder.module.declare_intrinsic("llvm.prefetch", [place.type], prototype)
        builder.call(hint, [place, _READ, _KEEP, _DATA])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


prefetch: Callable[[NDArray[Any], int | np.integer[Any]], None] = intrinsic(_prefetch)
"""prefetch(array, index): bring the cache line of array[index] in; a contiguous array, an index inside it.

A load that is waited for holds up what comes after it, a prefetch does not: where the places are known some time
before, the memory of many of them is fetched at once.
"""
