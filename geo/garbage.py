"""Keeps Python's collector of garbage still while very many objects are made."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the collector wait, in the whole process, until this ends.

    It looks for objects that only refer to each other. Rows of a table never do, but while they pile up it
    looks through all of them again and again: that takes as long as reading them.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
