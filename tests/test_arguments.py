"""Arguments of a wrong type: the error names the argument and what is right, not NumPy's or Python's own trouble with it."""

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif


def inspections(**columns):
    table = pd.DataFrame(
        {
            "provider": [100001, 100001, 100002, 100003],
            "inspection_start": ["01/02/2019", "03/04/2020", "05/06/2020", "13/07/2021"],
            "overall_effectiveness": ["Good", "Inadequate", "Outstanding", "Good"],
            "region": list("abcd"),
        }
    )
    return table.assign(**columns)


LISTS = [["Good"]] * 4
ON = "2022-01-01"
CALLS = {
    "min_n is '5'; it is a number, such as 5": [
        lambda table: sif.aggregate(table, min_n="5"),
        lambda table: sif.aggregate(table, "region", min_n="5"),
        lambda table: sif.series(table, [ON], min_n="5"),
        lambda table: sif.periods(table, min_n="5"),
    ],
    "level is '95%'; it is a number, such as 0.95": [
        lambda table: sif.aggregate(table, level="95%"),
        lambda table: sif.time_to(table, "Good", level="95%"),
        lambda table: sif.compare(table, table, level="95%"),
        lambda table: sif.resample(table, level="95%"),
        lambda table: sif.shrink(sif.aggregate(table, "region"), level="95%"),
        lambda table: sif.proportion_interval(1, 2, level="95%"),
    ],
    "level is None; it is a number": [lambda table: sif.aggregate(table, level=None)],
    "level is True; it is a number": [lambda table: sif.aggregate(table, level=True)],
    "threads is '2'; it is a whole number, such as 2": [
        lambda table: sif.aggregate(table, threads="2"),
        lambda table: sif.resample(table, threads="2"),
    ],
    "threads is 1.5; it is a whole number": [lambda table: sif.aggregate(table, threads=1.5)],
    "trim is 'a'; it is a number, such as 0.1": [lambda table: sif.overdispersion(sif.aggregate(table, "region"), trim="a")],
    "n is 20.5; it is a whole number, such as 1000": [lambda table: sif.resample(table, n=20.5)],
    "n is '20'; it is a whole number": [lambda table: sif.resample(table, n="20")],
    "rng is 'a'; it is a whole number from 0 on, such as 1, or what": [lambda table: sif.resample(table, rng="a")],
    "rng is -1; it is a whole number from 0 on": [lambda table: sif.resample(table, rng=-1)],
    "provider takes the name of one column, not list: give provider='provider'": [
        lambda table: sif.as_at(table, ON, provider=["provider"]),
        lambda table: sif.resample(table, provider=["provider"]),
        lambda table: sif.compare(table, table, provider=["provider"]),
    ],
    "published takes the name of one column, not dict": [lambda table: sif.as_at(table, ON, published={})],
    "having takes the name of one column, not list: give having='overall_effectiveness'": [
        lambda table: sif.as_at(table, ON, having=["overall_effectiveness"]),
        lambda table: sif.series(table, [ON], having=["overall_effectiveness"]),
    ],
    "judgement takes the name of one column, not list": [
        lambda table: sif.trend(table, judgement=["overall_effectiveness", "leadership"]),
        lambda table: sif.changes(table, judgement=["overall_effectiveness"]),
    ],
    "weights takes the name of one column, not list": [lambda table: sif.aggregate(table.assign(w=1), weights=["w"])],
    "column 'overall_effectiveness', row 0: ['Good'] is a list, not a single value": [
        lambda table: sif.aggregate(table.assign(overall_effectiveness=LISTS)),
        lambda table: sif.as_at(table.assign(overall_effectiveness=LISTS), ON),
    ],
    "column 'region', row 2: ['x'] is a list, not a single value": [
        lambda table: sif.aggregate(table.assign(region=["a", "b", ["x"], "c"]), "region"),
    ],
    "column 'provider', row 0: ['Good'] is a list": [
        lambda table: sif.as_at(table.assign(provider=LISTS), ON),
        lambda table: sif.resample(table.assign(provider=LISTS)),
    ],
    "column 'inspection_start', row 0: ['Good'] is a list": [lambda table: sif.as_at(table.assign(inspection_start=LISTS), ON)],
}


@pytest.mark.parametrize(("said", "call"), [pytest.param(said, call, id=said) for said, calls in CALLS.items() for call in calls])
def test_an_argument_of_a_wrong_type_is_named_with_what_is_right(said, call):
    with pytest.raises(TypeError) as caught:
        call(inspections())
    assert str(caught.value).startswith(said)


def test_numbers_of_numpy_are_numbers():
    table = inspections()
    found = sif.aggregate(table, min_n=np.int64(5), level=np.float32(0.5), threads=np.int8(1))
    assert found["share_good"].isna().all()
    assert sif.resample(table, n=np.int64(5), rng=np.random.default_rng(1))["n_replicates"].item() == 5


@pytest.mark.parametrize("word", ["", "1,200", "x"])
def test_numbers_as_text_are_named_with_their_row(word):
    with pytest.raises(sif.RowError, match=rf"^weights='w', row 2: '{word}' is no number; weights are numbers$") as caught:
        sif.aggregate(inspections(w=["1", None, word, 2]), weights="w")
    assert (caught.value.row, caught.value.value) == (2, word)
    with pytest.raises(sif.RowError, match=rf"^value='w', row 2: '{word}' is no number; value= takes numbers"):
        sif.trend(inspections(w=["1", None, word, 2]), value="w")
