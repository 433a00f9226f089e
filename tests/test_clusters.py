"""A Dask DataFrame gives what its rows give in memory, to the last digit, however they lie and whatever befalls a worker."""

import os
import pickle
import signal
import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import ofsted_sif as sif
from ofsted_sif import aggregation, change
from ofsted_sif.batches import scan
from ofsted_sif.errors import RowError

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")

GRADE = "overall_effectiveness"
DATES = ["2016-03-31", "2024-03-31", "2020-01-01"]
ALL = {"framework": "all"}
INDEPENDENT = {"cluster": None}  # by batches a trend takes rows so
CALLS = [
    ("aggregate", {}),
    ("aggregate", {"by": "region", "judgement": [GRADE, "adoption"], "interval": "goodman"}),
    ("aggregate", {"by": ["region", "framework"], "weights": "pupils"}),
    ("aggregate", {"by": ["region", "framework"], "observed": False}),
    ("change_between", {**ALL, "date_from": "2021-03-31", "date_to": "2024-03-31", "by": "region", "having": GRADE}),
    ("transitions", {**ALL}),
    ("transitions", {"framework": "ILACS", "by": ["region", "framework"], "freq": "YE-MAR", "date": "2024-03-31"}),
    ("transitions", {**ALL, "by": "region", "having": GRADE, "register": sif.load_local_authorities()}),
    ("series", {**ALL, "dates": DATES, "by": "region", "published_by": "2024-06-30", "having": GRADE}),
    ("series", {"framework": ["SIF", "ILACS"], "dates": DATES, "by": ["region", "framework"], "max_age": pd.DateOffset(years=3)}),
    ("trend", {**ALL, **INDEPENDENT, "by": "region", "adjust": "bh"}),
    ("trend", {**ALL, **INDEPENDENT, "by": "provider"}),
    ("trend", {**ALL, **INDEPENDENT, "by": "region", "method": "seasonal-mann-kendall", "season": "month"}),
    ("trend", {**ALL, **INDEPENDENT, "value": "is_good", "method": "cochran-armitage", "by": "region"}),
    ("as_at", {**ALL, "date": "2024-03-31", "having": GRADE}),
    ("changes", {**ALL, "by": "region", "date": "2024-03-31"}),
    ("spells", {**ALL, "by": "region", "until": "2026-08-24"}),
    ("time_to", {**ALL, "by": "region", "until": "2026-08-24", "episodes": "all"}),
    ("median_time_to", {**ALL, "by": "region", "until": "2026-08-24"}),
    ("logrank", {**ALL, "by": "region", "until": "2026-08-24"}),
    ("periods", {**ALL, "by": "region", "freq": "YE-MAR", "total": True}),
    ("state_probabilities", {**ALL, "by": "region", "start": "Good", "until": "2026-08-24", "at": 2}),
    ("series", {**ALL, "dates": pd.date_range("2015-03-31", periods=30, freq="QE"), "by": "provider_name"}),
]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """The bundled table in no order at all, each inspection twice; with missing regions, weights and numbers."""
    made = sif.load_inspections()
    # Of two inspections of a day the later row counts, so the order within a provider must outlast the shuffle.
    again = made.assign(overall_effectiveness=made[GRADE].sample(frac=1, random_state=1).array)
    made = pd.concat([made, again]).sample(frac=1, random_state=3, ignore_index=True)
    made["region"] = made["region"].where(made.index % 17 != 0)
    made["pupils"] = np.where(made.index % 13 == 0, np.nan, made.index % 90 + 1.0)
    made["is_good"] = (made[GRADE] >= "Good").astype(float).where(made[GRADE].notna())
    return made


def pieces_of(table, n, seed):
    """The table cut anywhere into n pieces, some of them empty."""
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.choice(rng.integers(0, len(table) + 1, max(1, n // 2)), n - 1))
    return [table.iloc[start:stop] for start, stop in pairwise([0, *cuts.tolist(), len(table)])]


def partitioned(pieces, **options):
    return dd.from_map(lambda number: pieces[number], range(len(pieces)), **options)


def as_text(table):
    """Text for categories, dates and numbers as they come from files of many kinds."""
    text = table.assign(**{name: table[name].astype("string[pyarrow]") for name in table.select_dtypes("category")})
    return text.assign(
        provider=text["provider"].astype(object), published=text["published"].dt.date, pupils=text["pupils"].astype("Float32")
    )


def with_unlike_categories(table, seed):
    """Pieces each with categories of its own, in an order of its own, some of which no row has; Dask knows of none."""
    names = ["region", "provider", "framework"]
    pieces = []
    for number, piece in enumerate(pieces_of(table, 9, seed)):
        for name in names:
            labels = np.random.default_rng([seed, number]).permutation(piece[name].dropna().unique().astype(object))
            listed = [*labels, f"none {number % 3}"] if name == "region" else labels
            categories = pd.Index(listed, dtype=piece[name].cat.categories.dtype)  # of a piece without rows, too
            piece = piece.assign(**{name: pd.Categorical(piece[name].astype(object), categories)})
        pieces.append(piece)
    meta = pieces[0].iloc[:0].astype(dict.fromkeys(names, pd.CategoricalDtype([dask.dataframe.utils.UNKNOWN_CATEGORIES])))
    whole = table.copy()
    for name in names:
        whole[name] = pd.api.types.union_categoricals([piece[name] for piece in pieces])
    return partitioned(pieces, meta=meta), whole


def text_with_empty_partitions(table, seed):
    """Dask makes Arrow's text of Python's."""
    text = as_text(table)
    return partitioned(pieces_of(text, 7, seed)), text.astype({"provider": "string[pyarrow]"})


LAYOUTS = {
    "one partition": lambda table: (dd.from_pandas(table, npartitions=1, sort=False), table),
    "two partitions": lambda table: (dd.from_pandas(table, npartitions=2, sort=False), table),
    "many, some empty": lambda table: (partitioned(pieces_of(table, 12, 1)), table),
    "text, some empty": lambda table: text_with_empty_partitions(table, 2),
    "unlike categories": lambda table: with_unlike_categories(table, 3),
}


def check_partitions(layout, calls, table):
    frame, whole = LAYOUTS[layout](table)
    for name, options in calls:
        expected = getattr(sif, name)(whole, **options)
        expected.attrs = {}
        assert_frame_equal(getattr(sif, name)(frame, **options), expected, check_exact=True, obj=f"{name} {options}")


@pytest.mark.parametrize(("number", "layout"), list(enumerate(LAYOUTS)), ids=LAYOUTS)
def test_partitions_give_what_the_rows_give_in_memory(number, layout, table) -> None:
    """Every third call of each layout, another third of the next."""
    check_partitions(layout, CALLS[number % 3 :: 3], table)


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_call_of_partitions(layout, table) -> None:
    check_partitions(layout, CALLS, table)


def test_only_the_columns_needed_are_read(table) -> None:
    read = set()

    def part(number, columns=None):
        read.add(tuple(columns))
        return table.iloc[number * 800 : number * 800 + 800][columns]

    frame = dd.from_map(part, range(2), meta=table.iloc[:0])
    sif.aggregate(frame, "region")
    assert read == {("region", GRADE)}


def test_partial_results_are_merged_a_few_at_a_time(table) -> None:
    frame = dd.from_pandas(table, npartitions=100, sort=False)
    question = aggregation.Aggregate(
        by="region", judgement=GRADE, scale=None, weights=None, interval="wilson", level=0.95, min_n=0, observed=True, threads=1
    )
    merged = scan(frame).partial(question, ["region", GRADE], None)
    graph = dict(merged.__dask_graph__())
    assert max(len(task.dependencies) for task in graph.values()) == 8
    assert sum(key[0].startswith("merge") if isinstance(key, tuple) else key.startswith("merge") for key in graph) == 13 + 2 + 1
    assert len(pickle.dumps(merged.compute())) < 10_000


# ---- what is wrong


def test_what_is_wrong_is_named_with_partition_and_row(table) -> None:
    wrong = as_text(table)
    wrong.loc[1000, GRADE] = "Godo"
    frame = partitioned([wrong.iloc[start : start + 300] for start in range(0, 1500, 300)])
    for name, options in (("aggregate", {}), ("trend", ALL | INDEPENDENT), ("series", {"dates": DATES, **ALL})):
        told = r"partition 3, its row 100: column 'overall_effectiveness', row 1000: 'Godo' is not a grade"
        with pytest.raises(RowError, match=told) as caught:
            getattr(sif, name)(frame, **options)
        assert caught.value.row == 1000
    with pytest.raises(RowError, match=r"^column 'overall_effectiveness', row 1000: 'Godo' is not a grade"):
        sif.trend(frame.repartition(npartitions=1), **ALL, **INDEPENDENT)


@pytest.mark.parametrize("name", ["aggregate", "transitions"])
def test_words_of_two_scales_in_two_partitions_name_the_row(name, table) -> None:
    two = as_text(table)[["provider", "inspection_start", "published", GRADE, "framework"]]
    two.loc[two.index >= 1200, GRADE] = "Met"
    options = {} if name == "aggregate" else ALL
    with pytest.raises(RowError, match="'Met' is not a grade of the scale FOUR_POINT") as caught:
        getattr(sif, name)(partitioned([two.iloc[:500], two.iloc[500:1000], two.iloc[1000:]]), **options)
    row = caught.value.row
    assert two.loc[row, GRADE] == "Met"
    assert f"partition 2, its row {row - 1000}: column '{GRADE}', row {row}: " in str(caught.value)


def test_categories_that_dask_does_not_know_are_named(table) -> None:
    other = table.iloc[700:].assign(region=pd.Categorical(["Atlantis"] * (len(table) - 700)))
    frame = partitioned([table.iloc[:700], other], meta=table.iloc[:0])
    with pytest.raises(ValueError, match=r"partition 1: column 'region' has the category 'Atlantis'.*as_unknown"):
        sif.series(frame, DATES, by="region", **ALL)


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda frame: sif.aggregate(frame, "regoin"), ValueError, "nearest: 'region'"),
        (lambda frame: sif.first(frame), TypeError, r"first needs its table whole: read it first, .*\.compute\(\)"),
        (lambda frame: sif.scan(frame).ordered("never.parquet"), TypeError, "needs no ordered copy"),
        (lambda frame: sif.scan(frame, progress=True), ValueError, "Dask itself shows"),
        (lambda frame: sif.scan(frame["region"]), TypeError, "or a Dask DataFrame, not Series"),
        (lambda frame: sif.aggregate(frame, threads=0), ValueError, "threads is 0"),
        (lambda frame: sif.series(frame, DATES, framework="SIFF"), ValueError, "unknown framework 'SIFF'"),
    ],
)
def test_what_cannot_be_had_says_so(call, error, told, table) -> None:
    with pytest.raises(error, match=told):
        call(dd.from_pandas(table, npartitions=3, sort=False))


def test_frameworks_pooled_in_different_partitions_are_said_aloud(table) -> None:
    told = []
    for given in (table, dd.from_pandas(table, npartitions=5, sort=False)):
        with pytest.warns(sif.PooledFrameworksWarning) as caught:
            sif.transitions(given)
        told.append(str(caught[0].message))
        assert caught[0].filename == __file__
    assert told[0] == told[1]


def test_own_names_of_columns_are_said_once(table) -> None:
    frame = dd.from_pandas(table.rename(columns={"provider": "urn", "inspection_start": "began"}), npartitions=4, sort=False)
    scanned = sif.scan(frame, provider="urn", inspected="began")
    assert repr(scanned) == f"<scan of 4 partitions, {len(table.columns)} columns>"
    assert_frame_equal(scanned.trend(**ALL), sif.trend(table, **ALL, **INDEPENDENT), check_exact=True)


def test_a_missing_extra_is_named_with_what_to_type(table, monkeypatch) -> None:
    frame = dd.from_pandas(table, npartitions=2, sort=False)
    monkeypatch.setitem(sys.modules, "dask.dataframe", None)
    with pytest.raises(ImportError, match=r"python3 -m pip install 'ofsted_sif\[dask\]'"):
        sif.aggregate(frame)


# ---- a cluster


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes, and the client that Dask then uses."""
    with dask.config.set({"distributed.comm.timeouts.connect": "30s"}):
        made = distributed.LocalCluster(
            n_workers=2, processes=True, threads_per_worker=1, dashboard_address=":0", silence_logs=50, memory_limit=0
        )
        with made, distributed.Client(made) as client:
            yield client


needs_sigkill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")


def dying_once(marker):
    """A function that kills the process that calls it, the first time that any does."""

    def die():
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    return die


@needs_sigkill
@pytest.mark.parametrize("number", [1, 7])
def test_a_worker_killed_while_it_reads_changes_nothing(number, table, tmp_path, cluster) -> None:
    name, options = CALLS[number]
    rows = table if name == "aggregate" else as_text(table)
    expected = getattr(sif, name)(rows, **options)
    expected.attrs = {}
    die = dying_once(tmp_path / "died")
    pieces = pieces_of(rows, 12, seed=4)

    def part(number):
        if number == 7:
            die()
        return pieces[number]

    frame = dd.from_map(part, range(len(pieces)), meta=rows.iloc[:0])
    before = set(cluster.run(os.getpid).values())
    assert_frame_equal(getattr(sif, name)(frame, **options), expected, check_exact=True)
    assert (tmp_path / "died").exists()
    cluster.wait_for_workers(2, timeout=60)
    assert len(before & set(cluster.run(os.getpid).values())) == 1


@needs_sigkill
def test_a_worker_killed_after_the_shuffle_changes_nothing(table, tmp_path, cluster) -> None:
    die = dying_once(tmp_path / "died")

    class Dying(change.Transitions):
        def count(self, piece):
            die()
            return change.Transitions.count(self, piece)

    options = {"by": "region", "judgement": GRADE, "scale": None, "framework": "all", "freq": None, "date": None, "having": None}
    named = {"provider": "provider", "inspected": "inspection_start", "published": "published", "published_by": None, "register": None}
    found = scan(dd.from_pandas(table, npartitions=6, sort=False)).answer(Dying(**options, **named))
    assert (tmp_path / "died").exists()
    assert_frame_equal(found, change.transitions(table, "region", **ALL), check_exact=True)


def test_a_scan_of_partitions_travels_and_takes_no_filter(table) -> None:
    frame = dd.from_pandas(table, npartitions=3, sort=False)
    copy = pickle.loads(pickle.dumps(scan(frame)))
    assert_frame_equal(copy.aggregate("region"), sif.aggregate(table, "region"))
    with pytest.raises(ValueError, match="filter= is for files: filter the Dask DataFrame itself"):
        scan(frame, filter=[("region", "==", "London")])
