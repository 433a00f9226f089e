"""Dask DataFrames: pieces are counted where their partitions lie, and what they give is put together in a tree; only here is Dask met.

Histories are shuffled once, so that each provider lies in one partition. What travels there is codes rather than labels, and with each
row its number: rows keep their order within a provider, and an error tells in which partition the row stood that the user has.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ofsted_sif import counts
from ofsted_sif.aggregation import Aggregate
from ofsted_sif.batches import files
from ofsted_sif.batches.scanning import Scan
from ofsted_sif.errors import RowError
from ofsted_sif.installed import need
from ofsted_sif.table import partial
from ofsted_sif.table.keys import as_key, is_plain

#: How many partial results a task puts together.
SPLIT_EVERY = 8
# The number of a row is that of its partition times this, plus its place in the partition.
ROWS_OF_A_PARTITION = 1 << 40


class PartitionedScan(Scan):
    """What `scan` opens of a Dask DataFrame. It computes where Dask would: on the active client, else by its default scheduler."""

    def __init__(self, frame: Any, columns: dict[str, str]) -> None:
        need("dask.dataframe", "dask", "Dask DataFrames")
        categorical = frozenset(name for name, dtype in frame.dtypes.items() if isinstance(dtype, pd.CategoricalDtype))
        super().__init__(files.Source(list(frame.columns), categorical, frozenset(), None, [], attrs=frame._meta.attrs), columns, None)
        self.frame = frame

    def __reduce__(self) -> tuple[Any, ...]:
        """A Dask DataFrame travels as what is to be done, without rows."""
        return PartitionedScan, (self.frame, self.columns)

    def __repr__(self) -> str:
        return f"<scan of {self.frame.npartitions:,} partitions, {len(self.source.names)} columns>"

    def ordered(self, path: Any, *, overwrite: bool = False) -> Scan:
        """Not needed here: histories are shuffled by provider."""
        raise TypeError("a Dask DataFrame needs no ordered copy: its histories are shuffled by provider")

    def answer(self, question: partial.Question) -> pd.DataFrame:
        """Count all partitions and finish the table."""
        question = self.informed(question)
        names = self._needed(question)
        if isinstance(question, Aggregate):
            if question.threads is not None:
                counts.number_of_threads(question.threads, question.threads)
            question = replace(question, threads=1)
        provider = self.columns_of(question)["provider"]
        try:
            return question.finish(self.partial(question, names, provider if question.histories else None).compute())
        except RowError as error:
            raise self._placed(error, names) from None

    def partial(self, question: partial.Question, names: list[str], provider: str | None) -> Any:
        """What all partitions give, yet to be computed; with each provider in one of them where one is named."""
        from dask.delayed import delayed

        chosen = self.frame[names]
        asked = delayed(question, traverse=False)
        if provider not in names or chosen.npartitions == 1:
            return _tree(_of_each(chosen, _count, asked), partial.merge)
        dictionaries = delayed(self._dictionaries(chosen), traverse=False)
        place = str(names.index(provider))
        meta = _packed(chosen._meta, {}, provider)
        packed = chosen.map_partitions(_packed, dictionaries, provider, meta=meta, enforce_metadata=False, align_dataframes=False)
        shuffled = packed.shuffle(on=place, ignore_index=True)
        return _tree(_of_each(shuffled, _count_packed, asked, dictionaries, names), partial.merge)

    def _dictionaries(self, chosen: Any) -> dict[str, pd.CategoricalDtype]:
        """The categories of all columns that have some: known ones, or gathered from the partitions in their order."""
        found = {name: dtype for name, dtype in chosen.dtypes.items() if isinstance(dtype, pd.CategoricalDtype)}
        if unknown := [name for name in found if not chosen[name].cat.known]:
            found |= _tree(_of_each(chosen[unknown], _categories), _united).compute()
        return found

    def _placed(self, error: RowError, names: list[str]) -> RowError:
        """The error with its row among all, its partition and its row there."""
        partition, row = divmod(error.row, ROWS_OF_A_PARTITION)
        if self.frame.npartitions == 1:
            return error
        before = _tree(_of_each(self.frame[names[:1]].partitions[:partition], len), sum).compute() if partition else 0
        return error.moved(before + row, f"partition {partition}, its row {row}: ")


# ---- trees of tasks


def _of_each(frame: Any, work: Callable[..., Any], *args: Any) -> list[Any]:
    """The work on each partition, a delayed value each; `work` is fused with what makes the partition."""
    return frame.map_partitions(work, *args, meta=(None, object), enforce_metadata=False, align_dataframes=False).to_delayed()


def _tree(values: list[Any], join: Callable[[list[Any]], Any]) -> Any:
    """Neighbours put together, a few at a time, until one is left."""
    from dask.delayed import delayed

    joined = delayed(join, pure=True, traverse=False)
    while True:
        values = [joined(values[start : start + SPLIT_EVERY]) for start in range(0, len(values), SPLIT_EVERY)]
        if len(values) == 1:
            return values[0]


# ---- what is done in a partition


def _numbered(part: partial.Partial, number: Callable[[np.ndarray], np.ndarray]) -> partial.Partial:
    """The partial result with the numbers of rows; of no rows itself, so that no row moves where parts are merged."""
    counted = {name: of if of.first is None else replace(of, first=number(of.first)) for name, of in part.counted.items()}
    return partial.Partial(0, counted)


def _count(frame: pd.DataFrame, question: partial.Question, partition_info: Any = None) -> partial.Partial:
    begin = partition_info["number"] * ROWS_OF_A_PARTITION
    try:
        return _numbered(question.count(frame), lambda row: row + begin)
    except RowError as error:
        raise error.moved(error.row + begin) from None


def _categories(frame: pd.DataFrame) -> dict[Hashable, pd.CategoricalDtype]:
    return frame.dtypes.to_dict()


def _united(parts: list[dict[Hashable, pd.CategoricalDtype]]) -> dict[Hashable, pd.CategoricalDtype]:
    """The categories of all partitions, in the order in which they come."""
    return {name: partial.stacked([pd.Categorical([], dtype=part[name]) for part in parts]).dtype for name in parts[0]}


def _packed(frame: pd.DataFrame, dictionaries: dict[str, pd.CategoricalDtype], provider: str, partition_info: Any = None) -> pd.DataFrame:
    """The columns by position, Categoricals as codes into the dictionaries of all partitions, and the number of each row.

    Keys of providers that are the same but for spaces at their ends become one, as they must come to one partition.
    """
    number = 0 if partition_info is None else partition_info["number"]
    columns: dict[str, Any] = {}
    for position, name in enumerate(frame.columns):
        values = frame[name].array
        if isinstance(values, pd.Categorical):
            values = _codes(values, dictionaries.get(name), name, number, are_keys=name == provider)
        elif name == provider and not is_plain(distinct := frame[name].dropna().unique()):
            stripped = {key: key.strip() for key in distinct if isinstance(key, str)}
            values = frame[name].map(lambda key, to=stripped: to.get(key, key), na_action="ignore").astype(frame[name].dtype).array
        columns[str(position)] = values
    columns["row"] = number * ROWS_OF_A_PARTITION + np.arange(len(frame))
    return pd.DataFrame(columns, copy=False)


def _codes(values: pd.Categorical, dictionary: pd.CategoricalDtype | None, name: str, partition: int, *, are_keys: bool) -> np.ndarray:
    if dictionary is None:
        return np.empty(0, dtype=np.int32)
    place = dictionary.categories.get_indexer(values.categories)
    if (lacks := place < 0).any():
        raise ValueError(
            f"partition {partition}: column {name!r} has the category {values.categories[lacks][0]!r}, which is not among the categories "
            f"that the Dask DataFrame says it knows; frame[{name!r}].cat.as_unknown() makes it look for them"
        )
    if are_keys and not is_plain(dictionary.categories):
        number = pd.factorize(np.array([as_key(key) for key in dictionary.categories], dtype=object))[0]
        place = np.unique(number, return_index=True)[1][number][place]  # the first category that is the same key
    return np.append(place, -1).astype(np.int32)[values.codes]


def _count_packed(
    frame: pd.DataFrame, question: partial.Question, dictionaries: dict[str, pd.CategoricalDtype], names: list[str]
) -> partial.Partial:
    """Count rows that have been shuffled: in the order in which they stood, with their columns as they were."""
    frame = frame.sort_values("row", ignore_index=True)
    row = frame["row"].to_numpy()
    columns = {}
    for position, name in enumerate(names):
        values = frame[str(position)].array
        columns[name] = pd.Categorical.from_codes(values, dtype=dictionaries[name]) if name in dictionaries else values
    try:
        return _numbered(question.count(pd.DataFrame(columns, copy=False)), lambda first: row[first])
    except RowError as error:
        raise error.moved(row[error.row]) from None
