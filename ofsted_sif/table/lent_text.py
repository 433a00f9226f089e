"""Text that another library lends as views: it lies as it came until somebody asks for more than its codes or some of its rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts


class LentText(pd.arrays.ArrowExtensionArray):
    """A column of pandas whose text is views. To pandas, which knows none, it is large_string, and becomes so where pandas looks at it."""

    def __init__(self, text: Any, dtype: pd.ArrowDtype | None = None) -> None:
        if dtype is None:  # pandas makes another column of this class from what it has found
            super().__init__(text)
        else:
            self._views, self._text, self._dtype = text, None, dtype

    @property
    def _pa_array(self) -> Any:
        if self._text is None:
            self._text = self._views.cast(self._dtype.pyarrow_dtype)
        return self._text

    @_pa_array.setter
    def _pa_array(self, text: Any) -> None:
        self._views = self._text = text

    def __len__(self) -> int:
        return len(self._views)

    def __arrow_array__(self, type: Any = None) -> Any:
        return self._views if self._text is None else self._text

    def view(self, dtype: Any = None) -> Any:
        """The same text once more, which pandas asks for where it copies a table without its values."""
        return LentText(self._views, self._dtype) if dtype is None and self._text is None else super().view(dtype)

    def take(self, indices: Any, allow_fill: bool = False, fill_value: Any = None) -> Any:
        """These rows; of views no others are looked at."""
        rows = np.asarray(indices, dtype=np.int64)
        if self._text is not None or allow_fill or rows.min(initial=0) < 0 or rows.max(initial=-1) >= len(self):
            return super().take(indices, allow_fill=allow_fill, fill_value=fill_value)
        return pd.arrays.ArrowExtensionArray(counts.labels_at(self._views, rows))
