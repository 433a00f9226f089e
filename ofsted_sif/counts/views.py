"""Codes of texts that lie anywhere in one piece of bytes, each told by a view as Arrow has it."""

from __future__ import annotations

import numpy as np

from ofsted_sif import _core
from ofsted_sif.counts.encoding import ARROW_TEXT, new_seed

#: Bytes of the longest text that a view holds itself; of a longer one it says where it begins.
IN_VIEW = 12
#: A view: the length, then the text and zeros; or four bytes of it, the number of the buffer, and the offset in that.
VIEW = np.dtype([("length", np.int32), ("first", np.uint32), ("rest", np.uint64)])


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
    first, *_ = _core.encode_text([(ARROW_TEXT["string_view"], len(views), 0, None, views, text)], new_seed(), False, codes)
    return codes, np.frombuffer(first, dtype=np.int64)
