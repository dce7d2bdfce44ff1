"""Work that makes very many objects and few circles of them, without looking for such circles all the while."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing is looked through for garbage within the block, or the function: objects that nobody knows go as ever.

    To look through all that is there, again with every so many objects more, takes a tenth of a large judgement, and a
    fifth of the import of a large library.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
