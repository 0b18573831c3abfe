"""64-bit mixing for kernels: integer arithmetic only, so hashes are the same on every processor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from buffers.kernel import intrinsic, kernel

U64: TypeAlias = np.uint64

_I64 = ir.IntType(64)
_I128 = ir.IntType(128)

_FINALISE_1 = np.uint64(0xBF58476D1CE4E5B9)
_FINALISE_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_30 = np.uint64(30)
_SHIFT_27 = np.uint64(27)
_SHIFT_31 = np.uint64(31)


def _fold_multiply(typing_context: Any, a: Any, b: Any) -> Any:
    """The two 64-bit halves of the 128-bit product a * b, xored (the mixer of wyhash, Wang Yi 2019)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        product = builder.mul(builder.zext(arguments[0], _I128), builder.zext(arguments[1], _I128))
        high = builder.trunc(builder.lshr(product, ir.Constant(_I128, 64)), _I64)
        return builder.xor(builder.trunc(product, _I64), high)

    return types.uint64(types.uint64, types.uint64), generate


fold_multiply: Callable[[U64, U64], U64] = intrinsic(_fold_multiply)
"""fold_multiply(a, b): both halves of the 128-bit product, xored; 0 when a or b is. Kernels only."""


@kernel
def finalise(x: U64) -> U64:
    """The SplitMix64 finaliser (Steele, Lea, Flood 2014): a bijection with full avalanche."""
    x = (x ^ (x >> _SHIFT_30)) * _FINALISE_1
    x = (x ^ (x >> _SHIFT_27)) * _FINALISE_2
    return x ^ (x >> _SHIFT_31)
