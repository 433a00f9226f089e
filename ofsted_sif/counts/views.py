"""Codes of texts that lie anywhere in one piece of bytes, each told by a view as Arrow has it."""

from __future__ import annotations

import os

import numpy as np

from ofsted_sif import _core

#: Bytes of the longest text that a view holds itself; of a longer one it says where it begins.
IN_VIEW = 12
#: A view: the length, then the text and zeros; or four bytes of it, the number of the buffer, and the offset in that.
VIEW = np.dtype([("length", np.int32), ("first", np.uint32), ("rest", np.uint64)])
_STRING_VIEW = 2  # as the core numbers kinds of text


def codes_of_views(views: np.ndarray, text: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Number the distinct texts in the order in which they first appear.

    Parameters
    ----------
    views : ndarray of VIEW, n rows
        Where each text lies; the buffer of all is number 0.
    text : bytes
        That buffer.

    Returns
    -------
    codes : ndarray of int32, shape (n,)
        0 for the first distinct text, 1 for the second, ...
    first : ndarray of int64
        The row in which each distinct text first appears.
    """
    codes = np.empty(len(views), dtype=np.int32)
    seed = int.from_bytes(os.urandom(8), "little")  # so that no choice of texts takes longer than others
    first = _core.encode_text([(_STRING_VIEW, len(views), 0, None, views, text)], seed, False, codes)
    return codes, np.frombuffer(first, dtype=np.int64)
