"""CSV files read batch by batch: their separator, encoding and header, and columns that look like numbers and are none.

Arrow tells from the beginning of a file of what kind a column is. What is written further down may be of another kind, or would be the
same number as another text: 001 and 1, or two numbers of twenty digits. Then `UnlikeBeginningError` is raised, and the file is read again
with that column as text.
"""

from __future__ import annotations

import codecs
import gzip
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ofsted_sif.csv_header import FALSE, TRUE, header_of

if TYPE_CHECKING:
    import pyarrow as pa

BYTES_LOOKED_AT = 1 << 22  # to tell the encoding
_DIGITS_OF_A_FLOAT = 15  # so many every float tells apart
_NO_NUMBER = rf"^0[0-9xX]|^[0-9]{{{_DIGITS_OF_A_FLOAT + 1},}}$"  # or none that would be told from all others
_UNLIKE_THE_BEGINNING = re.compile(r"In CSV column #(\d+): .*CSV conversion error")


class UnlikeBeginningError(ValueError):
    """A column of a CSV is not of the kind that the beginning of the file shows."""

    def __init__(self, column: str) -> None:
        super().__init__(f"column {column!r} is to be read as text")
        self.column = column


def is_csv(file: str) -> bool:
    """Whether a file is one by its name."""
    return file.lower().endswith((".csv", ".csv.gz", ".tsv"))


def csv_format(file: str, text: Iterable[str]) -> Any:
    """How a CSV is read; some columns as text, such as keys, as 007 is not 7."""
    import pyarrow as pa
    import pyarrow.csv as csv
    import pyarrow.dataset as ds

    # As pandas reads a CSV: an empty cell is missing, in a column of text too, and so are the words for none that pandas knows.
    missing = [*csv.ConvertOptions().null_values, "None", "<NA>"]
    convert = csv.ConvertOptions(strings_can_be_null=True, null_values=missing, column_types=dict.fromkeys(text, pa.string()))
    beginning = _beginning(file)
    encoding = _encoding(beginning)
    separator, _ = header_of(beginning.decode(encoding, errors="replace"))
    parse = csv.ParseOptions(delimiter=separator, newlines_in_values=True)
    return ds.CsvFileFormat(parse, convert_options=convert, read_options=csv.ReadOptions(encoding=encoding))


def with_text(schema: pa.Schema) -> pa.Schema:
    """What the beginning of a CSV tells of its columns; those that are blank there, or hold times of day, are text."""
    import pyarrow as pa

    for place, field in enumerate(schema):
        if pa.types.is_null(field.type) or pa.types.is_time(field.type):
            schema = schema.set(place, field.with_type(pa.string()))
    return schema


def read_csv(fragment: Any, schema: pa.Schema, names: list[str], rows: int) -> Iterator[pa.Table]:
    """The named columns of a CSV in batches of so many rows.

    Raises
    ------
    UnlikeBeginningError
        Where a column holds other values than those that its kind can tell apart.
    """
    import pyarrow as pa

    guessed = {name: kind for name in names if (kind := schema.field(name).type) in (pa.int64(), pa.float64(), pa.bool_())}
    written = schema
    for name in guessed:
        written = written.set(schema.get_field_index(name), pa.field(name, pa.string()))
    try:
        for batch in fragment.to_batches(schema=written, columns=names, batch_size=rows, batch_readahead=2, use_threads=False):
            table = pa.Table.from_batches([batch])
            for name, kind in guessed.items():
                table = table.set_column(names.index(name), name, _as_guessed(batch.column(name), kind, name))
            yield table
    except pa.ArrowInvalid as error:
        if (found := _UNLIKE_THE_BEGINNING.search(str(error))) is None:
            raise
        raise UnlikeBeginningError(fragment.physical_schema.names[int(found[1])]) from None


def _as_guessed(text: pa.Array, kind: pa.DataType, name: str) -> pa.Array:
    """Numbers, or true and false, as they are written, as such."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_boolean(kind):
        if not pc.all(pc.match_substring_regex(text, f"(?i)^({TRUE}|{FALSE})$")).as_py():  # to Arrow 1 is true
            raise UnlikeBeginningError(name)
        return text.cast(kind)
    # Few of a file's numbers begin with a nought that no point follows, or are so long: of most columns nothing is left to look at.
    begins = pc.and_not(pc.starts_with(text, "0"), pc.starts_with(text, "0."))
    length = pc.binary_length(text)
    suspect = pc.and_(begins, pc.greater(length, 1))
    if pa.types.is_floating(kind):
        suspect = pc.or_(suspect, pc.greater(length, _DIGITS_OF_A_FLOAT))
    if pc.any(suspect).as_py() and pc.any(pc.match_substring_regex(text.filter(suspect), _NO_NUMBER)).as_py():
        raise UnlikeBeginningError(name)
    try:
        return text.cast(kind)
    except pa.ArrowInvalid:
        try:
            return pc.utf8_trim_whitespace(text).cast(kind)
        except pa.ArrowInvalid:
            raise UnlikeBeginningError(name) from None


def _beginning(file: str) -> bytes:
    opened: Callable[..., Any] = gzip.open if file.lower().endswith(".gz") else open
    with opened(file, "rb") as stream:
        return bytes(stream.read(BYTES_LOOKED_AT))


def _encoding(beginning: bytes) -> str:
    """UTF-16 by its mark, else UTF-8, or cp1252, as Excel and many of Ofsted's files have it, where the beginning is not UTF-8."""
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(beginning)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf8"


def wrong_with_header(file: str) -> str | None:
    """What the header of a CSV that can't be read has wrong; None where it is something else, or the file can't even be opened."""
    try:
        beginning = _beginning(file)
    except (OSError, EOFError):
        return None
    if not beginning.strip():
        return "the file is empty"
    _, names = header_of(beginning.decode(_encoding(beginning), errors="replace"))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is None:
        return None
    if not twice:
        return (
            f"{names.count('')} columns of its first line have no name, as where a title stands. A file as Ofsted publishes it is read "
            "by ofsted_sif.read_inspections(path)"
        )
    return f"column {twice!r}: the table has {names.count(twice)} columns of that name; each needs a name of its own"
