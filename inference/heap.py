"""Memory that was freed, handed back to the system."""

import ctypes
import sys


def trim() -> None:
    """Hand back what Python and torch have freed and the C library keeps for later.

    glibc alone keeps such memory, more of it with each batch of another shape.
    Source: https://man7.org/linux/man-pages/man3/malloc_trim.3.html
    """
    if sys.platform != "linux":
        return
    release = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if release is not None:  # musl has none
        release(0)
