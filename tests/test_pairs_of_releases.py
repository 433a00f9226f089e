"""`combine` finds the same inspection in two releases as its rules say, read one by one for every two rows."""

import numpy as np
import pandas as pd
import pytest

import ofsted_sif as sif
from ofsted_sif import counts
from ofsted_sif.reading import alike, histories
from ofsted_sif.reading.pairs import FIRST_NEW, LAST_OLD, find_pairs

GRADES = ["Outstanding", "Good", "Requires improvement", "Inadequate", None]
JUDGEMENTS = ["overall_effectiveness", "leadership"]


def made_releases(rng):
    """Two releases with much in common: days and numbers that moved, and blanks."""
    n, n_providers, n_days = (int(rng.integers(1, most)) for most in (50, 8, 120))
    provider, day = rng.integers(0, n_providers, n), rng.integers(0, n_days, n)
    number = rng.choice([100_000, FIRST_NEW, 400_000, LAST_OLD + 1, 10_000_000], n) + rng.integers(0, rng.choice([2, 30]), n)
    start = np.datetime64("2015-03-01", "s") + day.astype("timedelta64[D]")
    table = pd.DataFrame(
        {
            "provider": [f"P{of}" for of in provider],
            "inspection_start": start,
            "published": start + rng.integers(20, 60, n).astype("timedelta64[D]"),
            "inspection_number": [("ITS" if rng.random() < 0.2 else "") + str(of) for of in number],
            "urn_at_inspection": [f"P{rng.integers(0, n_providers)}" if rng.random() < 0.5 else None for _ in range(n)],
            "graded": rng.random(n) < 0.9,
        }
    ).assign(**{name: rng.choice(np.array(GRADES, dtype=object), n) for name in JUDGEMENTS})
    older, newer = (table.sample(frac=0.8, random_state=int(rng.integers(1e9))).reset_index(drop=True) for _ in range(2))
    moved = rng.integers(-22, 23, len(newer)) * (rng.random(len(newer)) < 0.5)
    newer["inspection_start"] += moved.astype("timedelta64[D]")
    renumbered = rng.random(len(newer)) < 0.4
    newer.loc[renumbered, "inspection_number"] = [str(of) for of in LAST_OLD + rng.integers(0, 50, renumbered.sum())]
    for table in (older, newer):
        for name, share in (("inspection_start", 0.15), ("published", 0.1), ("inspection_number", 0.2)):
            table.loc[rng.random(len(table)) < share * rng.integers(0, 2), name] = None
    left_out = [name for name in ("inspection_number", "urn_at_inspection", "graded", "leadership") if rng.random() < 0.25]
    return older.drop(columns=left_out), newer.drop(columns=left_out)


def system(number):
    if number.startswith("ITS") or int(number) < FIRST_NEW:
        return -1
    return int(int(number) > LAST_OLD)


def certainty(old, new):
    """How certain it is that two rows are one inspection, the least first; None where they are two."""
    numbers = [row.get("inspection_number") for row in (old, new)]
    both_numbered = all(map(pd.notna, numbers))
    same_number = both_numbered and len({number.removeprefix("ITS") for number in numbers}) == 1
    another = old["provider"] != new["provider"]
    named = new.get("urn_at_inspection") == old["provider"] or old.get("urn_at_inspection") == new["provider"]
    if (another and not (same_number and named)) or old.get("graded") != new.get("graded"):
        return None
    systems = [system(number) for number in numbers] if both_numbered else None
    if systems and not same_number and systems[0] == systems[1] != 0:
        return None
    judged = [(old[name], new[name]) for name in JUDGEMENTS if name in old and pd.notna(old[name]) and pd.notna(new[name])]
    equal, unlike = sum(a == b for a, b in judged), sum(a != b for a, b in judged)
    any_grade = [any(name in row and pd.notna(row[name]) for name in JUDGEMENTS) for row in (old, new)]
    days = [row["inspection_start"] for row in (old, new)]
    undated = any(map(pd.isna, days))
    apart = 2**31 if undated else abs((days[0] - days[1]).days)
    reports = [row["published"] for row in (old, new)]
    reports_apart = None if any(map(pd.isna, reports)) else abs((reports[0] - reports[1]).days)
    same_overall = pd.notna(old[JUDGEMENTS[0]]) and old[JUDGEMENTS[0]] == new[JUDGEMENTS[0]]
    if same_number:
        rule = 1
    elif all(any_grade) and not judged:
        return None
    elif apart == 0:
        rule = 2
    elif undated and reports_apart == 0:
        rule = 3
    elif apart <= 20 and ((both_numbered and same_overall) or (equal > 0 and unlike == 0)):
        rule = 4
    elif undated and reports_apart is not None and reports_apart <= 92 and equal > 1 and unlike == 0:
        rule = 5
    else:
        return None
    if undated and reports_apart is not None:
        apart = reports_apart
    return rule, unlike, -equal, apart


def pairs_one_by_one(older, newer):
    """The pairs by the rules: numbers that both sides have once first, then the most certain, each row in one pair at most."""
    rows = [table.to_dict("records") for table in (older, newer)]
    found = {}
    for i, old in enumerate(rows[0]):
        for j, new in enumerate(rows[1]):
            if (certain := certainty(old, new)) is not None:
                found[i, j] = certain
    numbered = [[(row["provider"], str(row.get("inspection_number")).removeprefix("ITS")) for row in side] for side in rows]
    once = {
        (i, j): (0,)
        for i, j in found
        if found[i, j][0] == 1 and numbered[0][i] == numbered[1][j] and all(side.count(numbered[0][i]) == 1 for side in numbered)
    }
    taken = set()
    for i, j in sorted(found, key=lambda pair: (once.get(pair, found[pair]), pair)):
        if not any(i == a or j == b for a, b in taken):
            taken.add((i, j))
    return taken


@pytest.mark.parametrize("seed", range(60))
def test_inspections_of_two_releases_are_paired_by_the_rules(seed):
    older, newer = made_releases(np.random.default_rng(seed))
    assert {*map(tuple, find_pairs(older, newer).tolist())} == pairs_one_by_one(older, newer)


def test_a_day_far_from_all_others_is_refused_where_pairs_would_be_wrong():
    table = pd.DataFrame({"provider": ["A", "B"], "inspection_start": np.array(["2020-01-01", "2020-02-01"], dtype="datetime64[s]")})
    far = table.assign(inspection_start=np.array([0, 9 * 10**18], dtype="datetime64[s]"), overall_effectiveness="Good")
    many = pd.concat([table.assign(overall_effectiveness="Good")] * 50_000, ignore_index=True)
    many["provider"] = np.arange(len(many))
    with pytest.raises(ValueError, match=r"days apart: one of them is no date"):
        sif.combine(many, far.assign(provider=[5, 6]))


@pytest.mark.filterwarnings("ignore::ofsted_sif.errors.OlderReleaseWarning")  # whichever of the two ends later
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", ["pandas", "arrow", "polars"])
def test_large_releases_are_combined_in_threads_as_small_ones_are(monkeypatch, seed, kind):
    releases = made_releases(np.random.default_rng(seed))
    if kind != "pandas":
        pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
        releases = [pa.Table.from_pandas(table, preserve_index=False) for table in releases]
        releases = [pl.from_arrow(table) for table in releases] if kind == "polars" else releases
    one = sif.combine(*releases, return_report=True)
    for module in (alike, histories):
        monkeypatch.setattr(module, "ROWS_WORTH_A_THREAD", 1)
        monkeypatch.setattr(module, "usable_cores", lambda: 4)
    monkeypatch.setattr(counts.histories, "RECORDS_WORTH_A_THREAD", 1)
    monkeypatch.setattr(counts.threads, "usable_cores", lambda: 4)
    several = sif.combine(*releases, return_report=True)
    assert several[0].equals(one[0])
    pd.testing.assert_frame_equal(several[1], one[1])
