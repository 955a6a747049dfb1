"""Compile the suite's hot loops once a machine, and keep what was compiled outside the installed package.

numba keeps compiled loops beside their source by default. pip knows nothing of those files: it would leave them behind
when it removes the package, as a folder `sambench` without modules, which hides a later editable installation.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core.options import DefaultOptions

from sambench.files.paths import kernel_cache, source_stamp

_numba: Any = numba  # its settings have no types
_UNCOUNTED = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}
int64 = cast("Callable[[int], int]", np.int64)
Loop = TypeVar("Loop", bound=Callable[..., Any])


def kernel(borrows: bool = False, inner: bool = False, **options: Any) -> Callable[[Loop], Loop]:
    """Compile a loop over arrays when it is first called; it lets other threads run meanwhile.

    What a loop is written like decides how long it compiles, which a first run waits for: a loop that makes its arrays
    takes half as long again as one that `borrows` room made outside, and what is called with a literal number that
    later changes is compiled for both, unless the number begins as `int64(0)`.

    Args:
        borrows: The loop makes no array and returns none: its arrays' references are not counted, where this numba can
            do so. That saves two atomic operations an array and call, which a short loop over many arrays feels.
        inner: Only other loops call it: what Python would need for that is not compiled, half of what a short loop
            takes.
        options: Words of `numba.njit` beside `cache` and `nogil`, such as `inline` or `fastmath`.

    Returns:
        What decorates a function of arrays and numbers, written in the part of Python that numba compiles. Its machine
        code is kept in NUMBA_CACHE_DIR, or else in `kernels` below the cache folder, under the `source_stamp`.
    """

    def compiled(loop: Loop) -> Loop:
        chosen = _numba.config.CACHE_DIR
        _numba.config.CACHE_DIR = str(Path(chosen or kernel_cache()) / source_stamp())
        try:
            # No loop is handed to C or to another loop as an argument, which is what a wrapper for C would be for.
            options.update(_UNCOUNTED if borrows else {}, no_cpython_wrapper=inner, no_cfunc_wrapper=True)
            return _numba.njit(cache=True, nogil=True, **options)(loop)
        finally:
            _numba.config.CACHE_DIR = chosen

    return compiled
