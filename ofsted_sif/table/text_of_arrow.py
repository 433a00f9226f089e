"""Text of Arrow as columns of pandas. In dictionaries it is encoded by its words and taken by its codes, and no row is made text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype

from ofsted_sif import counts

if TYPE_CHECKING:
    import pyarrow as pa


class LentText(ExtensionDtype):
    """The dtype of such text: pandas has none, as a dictionary is to it a Categorical, whose labels are more than those of its rows."""

    name = "text in dictionaries"
    type = str

    @classmethod
    def construct_array_type(cls) -> Any:
        """The arrays of this dtype."""
        return TextInDictionaries


class TextInDictionaries(ExtensionArray):
    """Text that lies in dictionaries of Arrow, of which `observe` and who takes rows of it ask no more than this.

    Attributes
    ----------
    in_dictionaries : ChunkedArray of pyarrow
        The column; its chunks may have unlike dictionaries.
    """

    dtype = LentText()

    def __init__(self, column: pa.ChunkedArray) -> None:
        self.in_dictionaries = column

    def __len__(self) -> int:
        return len(self.in_dictionaries)

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, int | np.integer):
            return self.in_dictionaries[int(item)].as_py()
        return self.take(np.arange(len(self))[item])

    def __arrow_array__(self, type: Any = None) -> pa.ChunkedArray:
        """The column as text of Arrow."""
        return self.in_dictionaries.cast(type or self.in_dictionaries.type.value_type)

    @property
    def nbytes(self) -> int:
        """How many bytes it takes."""
        return int(self.in_dictionaries.nbytes)

    def isna(self) -> np.ndarray:
        """Which rows are missing."""
        return np.asarray(self.in_dictionaries.is_null())

    def copy(self) -> TextInDictionaries:
        """The same: nobody can write into it."""
        return TextInDictionaries(self.in_dictionaries)

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> TextInDictionaries:
        """Rows of it, by their codes."""
        return TextInDictionaries(self.in_dictionaries.take(np.asarray(indices)))

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[TextInDictionaries]) -> TextInDictionaries:
        import pyarrow as pa

        return cls(
            pa.chunked_array([chunk for some in to_concat for chunk in some.in_dictionaries.chunks], to_concat[0].in_dictionaries.type)
        )

    def with_few_words(self) -> TextInDictionaries:
        """The same, with no more words than it has rows: dictionaries of rows that are no longer wanted would fill the memory."""
        import pyarrow as pa

        words = sum(len(chunk.dictionary) for chunk in self.in_dictionaries.chunks)
        is_few = words <= len(self) and self.in_dictionaries.type == pa.dictionary(pa.int32(), pa.string())
        return self if is_few else in_dictionaries(self.__arrow_array__())

    def as_pandas_has_it(self) -> Any:
        """The same as text of pandas, in which equal texts are one object."""
        import pyarrow as pa

        whole = self.in_dictionaries.unify_dictionaries().combine_chunks()
        whole = whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks)
        words = pa.concat_arrays([whole.dictionary, pa.nulls(1, whole.dictionary.type)]).to_pandas()
        taken = words.array.take(whole.indices.fill_null(len(words) - 1).to_numpy())
        # Pandas would look whether objects are something else.
        return pd.Series(np.asarray(taken), dtype=object, copy=False) if words.dtype == object else taken


def text_of_arrow(text: Any) -> pa.ChunkedArray:
    """Text as Arrow has it, whoever holds it."""
    import pyarrow as pa

    return pa.chunked_array(pa.array(text)).cast(pa.string())


def in_dictionaries(text: Any) -> TextInDictionaries:
    """The same in a dictionary."""
    return TextInDictionaries(text_of_arrow(text).dictionary_encode())


def is_text_in_order(array: Any) -> bool:
    """Whether this is text that Arrow has and none is before the one above it, as in a file in order: sooner told than labels are made."""
    if not isinstance(array, pd.arrays.ArrowExtensionArray):
        return False
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pa.chunked_array(array.__arrow_array__()).combine_chunks()
    if not counts.is_text(column.type):
        return False
    in_order = pc.less_equal(column.slice(0, max(len(column) - 1, 0)), column.slice(1))
    return bool(pc.all(in_order, skip_nulls=False, min_count=0).as_py())
