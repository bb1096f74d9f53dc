"""What every module here shares: arrays as the compiled loops want them, and both cores put to work."""

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Offsets = NDArray[np.int64]

# How every hot loop is compiled: once, kept on disk, free of the GIL, and dividing by zero as numpy does.
compiled: Callable[[Callable[..., Any]], Callable[..., Any]] = numba.njit(
    cache=True, nogil=True, error_model="numpy"
)


def resolved(kernel: Callable[..., Any], *args: Any) -> Callable[..., Any]:
    """Return a compiled kernel for arguments of the types of these, at which later calls do not look again.

    Looking through a whole city for its types takes twice as long as placing a pin in it.
    """
    fixed: Callable[..., Any] = kernel.compile(tuple(map(numba.typeof, args)))  # type: ignore[attr-defined]
    return fixed


# Below this many items a second thread costs more than it saves.
_WORTH_THREADS = 20_000


def floats(values: ArrayLike) -> Floats:
    """Return values as a float64 array that compiled code takes as it is; one number as an array of one."""
    array = np.ascontiguousarray(values, np.float64)
    # numba compiles a read-only array as another type, which would cost a live process seconds.
    return array if array.flags.writeable else array.copy()


def ints(values: ArrayLike) -> Ints:
    """Return values as an int32 array that compiled code takes as it is; one number as an array of one."""
    array = np.ascontiguousarray(values, np.int32)
    return array if array.flags.writeable else array.copy()


def float_pairs(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Return x and y as float arrays of one length, or say that they do not match."""
    xs, ys = floats(x), floats(y)
    if xs.ndim != 1 or xs.shape != ys.shape:
        raise ValueError(f"x and y must be flat and equally long, not of shapes {xs.shape} and {ys.shape}")
    return xs, ys


def repeated(value: ArrayLike, count: int) -> Floats:
    """Return one number for each of `count` items, where one was given for all."""
    return floats(np.broadcast_to(np.asarray(value, np.float64), count))


def workers() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def chunks(count: int) -> list[tuple[int, int]]:
    """Split `count` items into (start, stop) ranges, more than one only where threads pay."""
    if count < _WORTH_THREADS or workers() == 1:
        return [(0, count)]
    # A few ranges a core even out pins that are dearer than others.
    edges = np.linspace(0, count, 4 * workers() + 1).astype(int).tolist()
    return list(itertools.pairwise(edges))


def in_chunks(count: int, kernel: Callable[..., Any], *args: Any) -> list[Any]:
    """Call ``kernel(start, stop, *args)`` over ranges that make up `count` items, in order.

    The kernels release the GIL, so plain threads use every core. The pool lives for one call: nothing of it
    is left for a process forked later to trip over, and starting it costs 0.1 ms.
    """
    ranges = chunks(count)
    if len(ranges) == 1:
        return [kernel(0, count, *args)]
    with ThreadPoolExecutor(workers()) as pool:
        return list(pool.map(lambda span: kernel(*span, *args), ranges))
