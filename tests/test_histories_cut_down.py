"""A snapshot is not a history: complete histories of a made world, cut down to what files hold, and what each function makes of them.

Every function gives what it gives of the complete histories, of those providers or that stretch of time that the file knows whole and
with a word on what is left out, or it refuses. The table of it stands in the guide.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import ofsted_sif as sif
from tests.support import worlds
from tests.support.worlds import NOW, OLD, YEAR_ENDS

GUIDE = Path(__file__).parents[1] / "docs" / "guide" / "snapshots_and_histories.md"
RIGHT = "right"
KNOWN = "right of those known"  # and says of how many it is not
PAST = "right from a day on"  # from which all are known, and says which
PERIOD = "right of those inspected"  # and says that it is no state of all
REFUSED = "refused"

WORLD = worlds.histories()
FILES = {
    "latest and previous": worlds.latest(WORLD, 2),
    "latest": worlds.latest(WORLD),
    "one year": worlds.of_one_year(WORLD),
    "result of as_at": sif.as_at(WORLD, NOW),
}
OWN_DATE = {"one year": YEAR_ENDS}  # of the others NOW
UNKNOWN = str(FILES["latest and previous"].query("known_from > @OLD")["provider"].iloc[0])  # inspected twice since the earlier date
Call = Callable[..., Any]
STATES: dict[str, Call] = {
    "as_at, on the file's own date": lambda table, date=NOW, **options: sif.as_at(table, date, **options),
    "as_at, on an earlier date": lambda table, **options: sif.as_at(table, OLD, **options),
    "series": lambda table, **options: sif.series(table, ["2012-08-31", OLD, YEAR_ENDS], "region", **options),
    "explain": lambda table, **options: sif.explain(table, UNKNOWN, OLD, **options),
    "design_matrix, of a state": lambda table, **options: sif.design_matrix(
        table, unit="provider", date=OLD, origin="2010-01-01", **options
    ),
    "first": lambda table, **options: sif.first(table, **options),
    "changes": lambda table, **options: sif.changes(table, **options),
}
TWO_DATES: dict[str, Call] = {
    "decompose": lambda table, **options: sif.decompose(table, OLD, NOW, **options),
    "change_between": lambda table, **options: sif.change_between(table, OLD, NOW, **options),
}
OVER_TIME: dict[str, Call] = {
    "periods": lambda table, **options: sif.periods(table, "region", freq="financial", **options),
    "transitions": lambda table, **options: sif.transitions(table, "region", **options),
    "spells": lambda table, **options: sif.spells(table, **options),
    "time_to": lambda table, **options: sif.time_to(table, **options),
    "median_time_to": lambda table, **options: sif.median_time_to(table, "region", **options),
    "logrank": lambda table, **options: sif.logrank(table, "region", **options),
    "state_probabilities": lambda table, **options: sif.state_probabilities(table, at=[0.5, 1], **options),
    "design_matrix": lambda table, **options: sif.design_matrix(table, "region", **options),
    "trend": lambda table, **options: sif.trend(table, "region", **options),
    "resample, of inspections": lambda table, **options: sif.resample(table, rng=1, n=50, **options),
}
CALLS = STATES | TWO_DATES | OVER_TIME


def asked(name: str, table: pd.DataFrame, **options: Any) -> tuple[pd.DataFrame | None, list[str]]:
    """What a function answers, None where it refuses, and what it says."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer = CALLS[name](table, **options)
        except sif.IncompleteHistoryError as error:
            return None, [str(error)]
    assert {warning.category for warning in caught} <= {sif.IncompleteHistoryWarning}
    return answer, [str(warning.message) for warning in caught]


def verdict(name: str, kind: str) -> str:
    """What a function makes of a file, checked against what it makes of the complete histories."""
    table = FILES[kind]
    date = {"date": OWN_DATE[kind]} if "own date" in name and kind in OWN_DATE else {}
    answer, said = asked(name, table, **date)
    if answer is None:
        return REFUSED
    if name in OVER_TIME:
        since = table["known_from"].max() if "known_from" in table.columns else table["inspection_start"].min()
        whole = WORLD[WORLD["inspection_start"] >= since]
        if kind == "one year":
            whole = whole[whole["inspection_start"] <= YEAR_ENDS]
        truth, _ = asked(name, whole.reset_index(drop=True))
        if kind == "result of as_at":  # one row per provider, which is what is drawn from
            truth, _ = asked(name, table.drop(columns="as_at"))
        assert_frame_equal(answer, truth)
        assert len(said) == (kind in ("latest", "latest and previous"))
        assert all(f"only from {since.day} " in text for text in said)
        return PAST if said else RIGHT
    return states_verdict(name, answer, asked(name, WORLD, **date)[0], said)


def states_verdict(name: str, answer: pd.DataFrame, truth: pd.DataFrame, said: list[str]) -> str:
    """The same of a function of states: what stands in the answer stands so in that of the complete histories."""
    of_one_period = any("of one period" in text for text in said)
    if name == "series":
        both = answer.merge(truth, on=["as_at", "region"], suffixes=("", "_of_all"))
        if not of_one_period:
            assert (both["n"] + both["n_unknown"] == both["n_of_all"]).all()
            known = both[both["n_unknown"] == 0]
            assert (known["good_or_outstanding"] == known["good_or_outstanding_of_all"]).all()
        n_left_out = int(both["n_unknown"].max())
    elif name == "explain":
        assert answer["counts"].sum() <= 1
        counting = answer[answer["counts"]].merge(truth[truth["counts"]], on="inspection_start")
        assert len(counting) == answer["counts"].sum()
        n_left_out = 1 - len(counting)
    else:
        of_these = truth[truth["provider"].isin(answer["provider"])].reset_index(drop=True)
        assert_frame_equal(answer[truth.columns.tolist()], of_these)
        n_left_out = len(truth) - len(answer)
    if of_one_period:
        return PERIOD
    assert bool(n_left_out) <= bool(said), "left out without a word"
    return KNOWN if said else RIGHT


@pytest.fixture(scope="module")
def verdicts() -> dict[str, list[str]]:
    return {name: [verdict(name, kind) for kind in FILES] for name in CALLS}


def test_every_function_gives_the_truth_of_what_it_knows_or_refuses(verdicts: dict[str, list[str]]) -> None:
    """Whoever is asked of an earlier date, or of change, by a file that can't tell, says so."""
    assert verdicts["as_at, on the file's own date"] == [RIGHT, RIGHT, PERIOD, RIGHT]
    assert verdicts["as_at, on an earlier date"] == [KNOWN, KNOWN, PERIOD, REFUSED]
    assert verdicts["changes"] == [KNOWN, REFUSED, REFUSED, REFUSED]
    assert all(of == [REFUSED] * 4 for name, of in verdicts.items() if name in TWO_DATES)
    assert all(of[:3] == [PAST, PAST, RIGHT] for name, of in verdicts.items() if name in OVER_TIME)


def test_the_guide_has_the_table_of_it(verdicts: dict[str, list[str]]) -> None:
    lines = ["| | " + " | ".join(f"file of {kind}" if kind != "result of as_at" else kind for kind in FILES) + " |", "|---" * 5 + "|"]
    lines += [f"| {name} | " + " | ".join(of) + " |" for name, of in verdicts.items()]
    assert "\n".join(lines) in GUIDE.read_text("utf-8"), "the table is:\n" + "\n".join(lines)


def test_the_guide_has_the_figures_of_what_would_be_wrong() -> None:
    """5,000 schools in which nothing changes: the series and the trend of complete histories, and of a file taken as such."""
    world = worlds.histories(5000, 7)
    held, text = worlds.latest(world, 2), GUIDE.read_text("utf-8")
    dates = [f"{year}-08-31" for year in (2014, 2016, 2018, 2020, 2023)]
    for title, table in (("complete histories", world), ("file of latest and previous, taken as a history", held)):
        counted = sif.series(table, dates, incomplete="allow")
        shares = " | ".join(f"{share:.2f}".removeprefix("0") for share in counted["share_good_or_outstanding"])
        tau = sif.trend(table, cluster=None, incomplete="allow")["tau"].item()
        assert f"| {title} | {shares} | {tau + 0.0:.3f} | ".replace("-0.000", "0.000") in text
    assert f"| {' | '.join(f'{n:,}' for n in counted['n'])} | | |" in text


@pytest.mark.parametrize("name", [name for name in CALLS if name != "as_at, on the file's own date"])
def test_consent_takes_the_table_as_it_is_without_a_word(name: str) -> None:
    for kind, table in FILES.items():
        answer, said = asked(name, table, incomplete="allow")
        assert answer is not None, kind
        assert not said, kind


# ---- chance


WORLDS = 60


@pytest.fixture(scope="module")
def of_many() -> dict[str, pd.DataFrame]:
    """What files of many worlds say of a trend and of the share good or better, of which there is none and which is .7."""
    found: dict[str, list[list[float]]] = {"latest and previous": [], "taken as a history": [], "complete": []}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sif.IncompleteHistoryWarning)
        for seed in range(WORLDS):
            world = worlds.histories(250, 1000 + seed)
            held = worlds.latest(world, 2)
            for kind, table, incomplete in (
                ("latest and previous", held, "refuse"),
                ("taken as a history", held, "allow"),
                ("complete", world, "refuse"),
            ):
                year = sif.periods(table, freq="financial", incomplete=incomplete).set_index("period_end").loc[YEAR_ENDS]
                found[kind].append([sif.trend(table, incomplete=incomplete)["p"].item(), year["lower"], year["upper"]])
    return {kind: pd.DataFrame(rows, columns=["p", "lower", "upper"]) for kind, rows in found.items()}


def covered(of: pd.DataFrame) -> int:
    return int(((of["lower"] <= 0.7) & (of["upper"] >= 0.7)).sum())


def test_a_file_of_latest_inspections_taken_as_a_history_would_be_wrong(of_many: dict[str, pd.DataFrame]) -> None:
    """What is prevented: a decline in practically every world in which nothing changes."""
    assert (of_many["taken as a history"]["p"] < 0.05).mean() > 0.9


def test_what_is_answered_is_right_as_often_as_it_says(of_many: dict[str, pd.DataFrame]) -> None:
    """Of 60 worlds 5% are 3; 9 or more would be chance once in 300 times. The share .7 lies within its interval as often."""
    for kind in ("latest and previous", "complete"):
        assert (of_many[kind]["p"] < 0.05).sum() <= 8, kind
        assert covered(of_many[kind]) >= WORLDS - 8, kind
