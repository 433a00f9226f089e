"""Kinds of arrays, columns and tables, as strategies of Hypothesis: the same values in another dtype, layout or container."""

import pickle
from types import MappingProxyType

import numpy as np
import pandas as pd
from hypothesis import strategies as st

import ofsted_sif as sif
from ofsted_sif.counts import NO_DAY

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")

# ---- arrays, for the kernels


def misaligned(array):
    room = np.empty(array.nbytes + 1, dtype=np.uint8)
    odd = room[1:].view(array.dtype).reshape(array.shape) if array.nbytes else array
    odd[:] = array
    return odd


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS = {
    "contiguous": lambda array: array,
    "read-only": read_only,
    "strided": lambda array: np.repeat(array, 2)[::2],
    "reversed": lambda array: array[::-1].copy()[::-1],
    "column of a table": lambda array: np.stack([array, array], axis=1)[:, 0],
    "byte-swapped": lambda array: array.astype(array.dtype.newbyteorder()),
    "misaligned": misaligned,
}

TAKEN = {
    "codes": INTEGERS,
    "days": ("int64", *(f"datetime64[{unit}]" for unit in ("D", "h", "s", "ms", "us", "ns"))),
    "numbers": ("float32", "float64"),
    "flags": ("bool",),
    "whole": ("int64",),
}
REFUSED = {
    "codes": (("float32", "float64", "bool", "object", "str"), "must be integer codes, not"),
    "days": (("float64", "object", "str", "timedelta64[D]"), "must be datetime64 or int64 days, not"),
    "numbers": (("complex128", "str"), "must be numbers, not"),
    "flags": (("float64", "object", "str"), "must be true or false, not"),
    "whole": (("float64", "object", "str"), "must be integer"),
}
NULLABLE = {"codes": "Int16", "days": "Int64", "numbers": "Float64", "flags": "boolean", "whole": "Int64"}


def missing_in(kind, array):
    if kind == "days":
        return array == NO_DAY
    return np.isnan(array) if kind == "numbers" else (array < 0) & (kind == "codes")


def cast(kind, array, dtype):
    """The plain array in another dtype."""
    if kind == "days" and np.dtype(dtype).kind in "Mm":
        return array.view(f"{np.dtype(dtype).kind}8[D]").astype(dtype)
    return array.astype(dtype)


@st.composite
def arrays(draw, kind, array):
    """The values of a plain array in any form that the faces for people take."""
    missing = missing_in(kind, array)
    dtypes = [dtype for dtype in TAKEN[kind] if not (missing.any() and np.dtype(dtype).kind == "u")]
    forms = [*LAYOUTS, "list", "Series", *(["masked"] if kind in ("codes", "days", "numbers") else [])]
    if not missing.any() or kind == "numbers":
        forms.append("nullable")
    form = draw(st.sampled_from(forms))
    if form == "nullable":
        return pd.array(array, dtype=NULLABLE[kind])
    if form == "masked":  # what stands behind the mask means nothing
        return np.ma.array(np.where(missing, 1, array).astype(array.dtype), mask=missing)
    if form == "list":
        return array.tolist()
    typed = cast(kind, array, draw(st.sampled_from(dtypes)))
    return pd.Series(typed, index=np.arange(len(array))[::-1] * 7) if form == "Series" else LAYOUTS[form](typed)


# ---- columns and tables

WORDS = {1: "Outstanding", 2: "Good", 3: "Requires improvement", 4: "Inadequate"}
WITH_TIME = np.timedelta64(3601, "s")


def hidden(array, dtype=None):
    """What is missing behind a mask, and there, where it means nothing, a value that would mean something."""
    missing = np.asarray(pd.isna(array))
    filled = np.where(missing, array[~missing][0] if not missing.all() else np.zeros(1, array.dtype)[0], array)
    return np.ma.array(filled.astype(array.dtype if dtype is None else dtype), mask=missing)


def grade_forms(values):
    words = [None if value is None else WORDS[value] for value in values]
    numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    yield sif.grades(words)
    yield pd.Categorical(words)
    yield pd.array(words, dtype="string")
    yield np.array(words, dtype=object)
    yield np.array([None if word is None else f" {word.upper()} " for word in words], dtype=object)  # Ofsted's spellings
    yield np.array([None if value is None else str(value) for value in values], dtype=object)
    yield np.array(values, dtype=object)
    yield np.array([word or "" for word in words], dtype="U")
    yield from (numbers, numbers.astype(np.float32), hidden(numbers, "int8"))
    yield pd.array(values, dtype="Int8")
    if None not in values:
        yield from (np.array(values, dtype=name) for name in INTEGERS)


def date_forms(values):
    days = np.array(values, dtype="datetime64[D]")
    yield from (days.astype(f"datetime64[{unit}]") for unit in ("ns", "us", "ms", "s"))
    yield from (hidden(days), days.astype("datetime64[s]") + WITH_TIME, np.array(values, dtype=object))
    yield np.array([value and str(value) for value in values], dtype=object)
    yield np.array([value and value.strftime("%d/%m/%Y") for value in values], dtype=object)
    yield np.array([str(value or "") for value in values], dtype="U")
    yield pd.array([value and str(value) for value in values], dtype="string")


def label_forms(values):
    yield np.array(values, dtype=object)
    yield from (pd.Categorical(values), pd.Categorical(values, ordered=True))
    yield pd.array([value and str(value) for value in values], dtype="string")
    yield hidden(np.array(values, dtype=None if values and isinstance(values[0], int) else object))
    if None not in values:
        yield np.array(values, dtype="U")
    if values and isinstance(values[0], int):
        yield pd.array(values, dtype="Int64")
        yield from (np.array(values, dtype=name) for name in ("int16", "int64", "uint16", "uint64"))


def flag_forms(values):
    yield from (np.array(values, dtype=np.bool_), hidden(np.array(values, dtype=np.bool_)), np.array(values, dtype=object))
    yield pd.array(values, dtype="boolean")


def weight_forms(values):
    numbers = np.array(values, dtype=np.float64)
    yield from (numbers, numbers.astype(np.float32), hidden(numbers, "int16"), np.array(values, dtype=object))
    yield from (pd.array(values, dtype="Float64"), pd.array([value and int(value) for value in values], dtype="Int32"))


FORMS = {  # the first of each is the plain one
    "graded": flag_forms,
    "provider": label_forms,
    "region": label_forms,
    "inspection_start": date_forms,
    "published": date_forms,
    "overall_effectiveness": grade_forms,
    "pupils": weight_forms,
}


def inspections(rng, n, missing):
    """Inspections of some providers on different days, as Python's own values; `row` tells them apart in what comes back."""

    def some(values):
        return [None if missing and rng.random() < missing else value for value in values]

    days = np.datetime64("2015-01-05") + np.sort(rng.permutation(2000)[:n])
    return {
        # First, as its width is one byte: in packed records the fields after it lie at odd addresses.
        "graded": [bool(rng.random() < 0.9) for _ in range(n)],
        "row": list(range(n)),
        "provider": [int(code) for code in 1000 + rng.integers(0, max(1, n // 3), n)],
        "region": some([["East", "North", "South"][code] for code in rng.integers(0, 3, n)]),
        "inspection_start": [day.item() for day in days],
        "published": some([(day + np.timedelta64(40, "D")).item() for day in days]),
        "overall_effectiveness": [None if rng.random() < 0.1 else int(code) for code in rng.integers(1, 5, n)],
        "pupils": some([float(number) for number in rng.integers(1, 500, n)]),
    }


def plain_table(values):
    return pd.DataFrame({name: next(FORMS[name](of)) if name in FORMS else np.array(of, dtype=np.int64) for name, of in values.items()})


def records(columns, *, align=False):
    """A structured array: packed, so that hardly any field is aligned, or each where its width wants it."""
    table = np.empty(len(columns["row"]), np.dtype([(name, values.dtype) for name, values in columns.items()], align=align))
    for name, values in columns.items():
        table[name] = values
    return table


def masked_records(columns):
    masked = {name: hidden(values) for name, values in columns.items()}
    mask = records({name: values.mask for name, values in masked.items()})
    return np.ma.array(records({name: values.data for name, values in masked.items()}), mask=mask)


OF_ANY_COLUMNS = {
    "DataFrame": pd.DataFrame,
    "DataFrame with an index": lambda columns: pd.DataFrame(columns).set_axis(np.zeros(len(columns["row"]), dtype=np.int64), axis=0),
    "mapping": dict,
    "mapping that is no dict": MappingProxyType,
}
OF_ARRAYS = {
    "packed records": records,
    "aligned records": lambda columns: records(columns, align=True),
    "recarray": lambda columns: records(columns).view(np.recarray),
    "some fields of wider records": lambda columns: records({"note": columns["row"], **columns, "more": columns["graded"]})[list(columns)],
    "masked records": masked_records,
    **{
        f"{layout} records": lambda columns, lay=LAYOUTS[layout]: lay(records(columns))
        for layout in ("read-only", "strided", "reversed", "byte-swapped")
    },
    **{
        f"mapping, all {layout}": lambda columns, lay=lay: {
            name: values if lay is misaligned and values.dtype == object else lay(values) for name, values in columns.items()
        }
        for layout, lay in LAYOUTS.items()
    },
}


@st.composite
def tables(draw, values):
    """The values of `inspections` in any kind of table, each column in any form."""
    kind = draw(st.sampled_from([*OF_ANY_COLUMNS, *OF_ARRAYS]))
    columns = {"row": np.array(values["row"], dtype=np.int64)}
    for name, forms in FORMS.items():
        fitting = [form for form in forms(values[name]) if kind in OF_ANY_COLUMNS or type(form) is np.ndarray]
        columns[name] = draw(st.sampled_from(fitting), label=name)
    columns = {name: columns[name] for name in values}
    return (OF_ANY_COLUMNS | OF_ARRAYS)[kind](columns)


# ---- that inputs stay as they were


def fingerprint(value):
    """All bytes of an input: those between the items of a view too."""
    if isinstance(value, pd.DataFrame):
        columns = [(name, fingerprint(value[name])) for name in value.columns]
        return pickle.dumps((columns, value.index.tolist(), repr(value.attrs), list(map(repr, value.dtypes))))
    if isinstance(value, dict | MappingProxyType):
        return pickle.dumps([(name, fingerprint(of)) for name, of in value.items()])
    if isinstance(value, pd.Series):
        value = value.array
    if isinstance(value, pd.api.extensions.ExtensionArray):  # which may keep in itself what it was once asked
        value = list(value)
    if isinstance(value, np.ma.MaskedArray):  # which writes down what it fills holes with when it is first asked
        return pickle.dumps((np.array(value.data), np.array(value.mask), value.flags.writeable))
    base = value.base if isinstance(value, np.ndarray) and isinstance(value.base, np.ndarray) else None
    return pickle.dumps((value, value.flags.writeable if isinstance(value, np.ndarray) else None, base))
