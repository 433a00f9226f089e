"""Bootstrap intervals: whole histories, the same for a seed on any number of threads, and scipy's arithmetic."""

import threading

import numpy as np
import pandas as pd
import pytest
import scipy.stats

import ofsted_sif as sif
from ofsted_sif.resampling import _bounds


def state():
    return sif.as_at(sif.load_inspections(), **sif.release("la-2024-03-31"))


def share_of(table):
    judged = table["overall_effectiveness"].dropna()
    return (judged >= "Good").mean()


def test_a_share_and_the_same_as_a_function_have_the_same_interval_but_for_chance():
    table = sif.load_inspections().query("framework == 'ILACS'")
    named = sif.resample(table, statistic="good_or_outstanding", n=4000, rng=1)
    called = sif.resample(table, statistic=share_of, n=1000, rng=1)
    assert named["statistic"].item() == "share_good_or_outstanding"
    assert called["statistic"].item() == "share_of"
    assert named["estimate"].item() == called["estimate"].item() == share_of(table)
    np.testing.assert_allclose(named[["lower", "upper"]], called[["lower", "upper"]], atol=0.01)
    np.testing.assert_allclose(named["standard_error"], called["standard_error"], rtol=0.08)


def test_whole_histories_make_intervals_as_wide_as_the_ratio_estimate_of_clusters_says():
    """Providers whose inspections are alike: rows drawn singly would give an interval that is too narrow by half."""
    rng = np.random.default_rng(2)
    good = rng.random(400) < 0.6
    table = pd.DataFrame(
        {"provider": np.repeat(np.arange(400), 5), "overall_effectiveness": np.where(np.repeat(good, 5), "Good", "Inadequate")}
    )
    found = sif.resample(table, statistic="good_or_outstanding", n=4000, rng=3)
    by_cluster = np.sqrt(good.mean() * (1 - good.mean()) / 400)
    np.testing.assert_allclose(found["standard_error"], by_cluster, rtol=0.04)
    assert found["n_providers"].item() == 400


@pytest.mark.parametrize("statistic", ["good", share_of, lambda table: {"rows": len(table), "share": share_of(table)}])
def test_a_seed_gives_the_same_whatever_the_threads(statistic):
    one = sif.resample(state(), statistic=statistic, n=60, rng=5, threads=1, method="bca")
    for threads in (2, 5):
        pd.testing.assert_frame_equal(one, sif.resample(state(), statistic=statistic, n=60, rng=5, threads=threads, method="bca"))
    assert not one.equals(sif.resample(state(), statistic=statistic, n=60, rng=6, method="bca"))


def test_rng_is_what_spec_7_says():
    seeds = [7, np.random.SeedSequence(7), np.random.PCG64(7), np.random.default_rng(7)]
    results = [sif.resample(state(), statistic="good", n=50, rng=seed) for seed in seeds]
    for other in results[1:]:
        pd.testing.assert_frame_equal(results[0], other)
    generator = np.random.default_rng(7)
    first, second = (sif.resample(state(), statistic="good", n=50, rng=generator) for _ in range(2))
    assert not first.equals(second)  # a generator goes on
    assert not sif.resample(state(), statistic="good", n=50).equals(sif.resample(state(), statistic="good", n=50))


@pytest.mark.parametrize("method", ["percentile", "bca"])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_bounds_are_scipys_for_the_same_replicates(method, level):
    rng = np.random.default_rng(8)
    for _ in range(50):
        sample = rng.gamma(1.5, size=int(rng.integers(5, 40)))
        replicates = np.array([rng.choice(sample, len(sample)).mean() for _ in range(300)])
        distribution = type("Result", (), {"bootstrap_distribution": replicates})()
        expected = scipy.stats.bootstrap(
            (sample,),
            np.mean,
            n_resamples=0,
            bootstrap_result=distribution,
            method="BCa" if method == "bca" else method,
            confidence_level=level,
        )
        left_out = np.array([np.delete(sample, i).mean() for i in range(len(sample))]) if method == "bca" else None
        lower, upper, error, n = _bounds(replicates, sample.mean(), left_out, level)
        np.testing.assert_allclose((lower, upper), expected.confidence_interval, rtol=1e-12)
        np.testing.assert_allclose(error, expected.standard_error, rtol=1e-12)
        assert n == 300


def test_a_share_left_out_provider_by_provider_is_that_of_the_table_without_it():
    table = sif.load_inspections().query("framework == 'ILACS'")
    named = sif.resample(table, statistic="good_or_outstanding", n=200, rng=9, method="bca")
    codes, distinct = pd.factorize(table["provider"])
    grade = table["overall_effectiveness"].cat.codes.to_numpy()
    replicates = sif.counts.resample_counts(codes, None, grade, 200, int(np.random.default_rng(9).integers(2**64, dtype=np.uint64)))
    shares = replicates[:, 2:4].sum(axis=1) / replicates[:, :4].sum(axis=1)
    left_out = np.array([share_of(table[table["provider"] != key]) for key in distinct])
    lower, upper, _, _ = _bounds(shares, share_of(table), left_out, 0.95)
    np.testing.assert_allclose(named[["lower", "upper"]].to_numpy()[0], [lower, upper], rtol=1e-13)


def test_groups_have_their_own_intervals_the_missing_one_last():
    table = state()
    table["region"] = table["region"].where(table["provider"] != "E06000046")  # the Isle of Wight
    for method in ("percentile", "bca"):
        found = sif.resample(table, statistic="good_or_outstanding", by="region", n=500, rng=1, method=method)
        expected = sif.aggregate(table, "region")
        assert found["region"].astype(object).where(found["region"].notna(), None).tolist()[:-1] == expected["region"].tolist()[:-1]
        assert found["region"].isna().tolist() == [False] * 9 + [True]
        np.testing.assert_allclose(found["estimate"], expected["share_good_or_outstanding"])
        inside = found.iloc[:-1]
        assert ((inside["lower"] < inside["estimate"]) & (inside["estimate"] < inside["upper"])).all()
        assert 0 < found["n_replicates"].iloc[-1] < 500  # one provider, in some replicates not drawn


def test_a_provider_drawn_twice_is_two_to_functions_that_follow_providers():
    table = sif.load_inspections()
    seen = []

    def providers(replicate):
        seen.append(replicate)
        return len(sif.as_at(replicate, "2026-08-24", framework="all", having="overall_effectiveness"))

    table = table[table["provider"].isin(table["provider"].cat.categories[:12]) & table["closed"].isna()]
    found = sif.resample(table, statistic=providers, n=5, rng=1)
    assert found["estimate"].item() == found["lower"].item() == found["upper"].item() == table["provider"].nunique()
    drawn = [replicate.groupby("provider", sort=False)["provider_name"].first() for replicate in seen[1:]]
    assert any(names.duplicated().any() for names in drawn)
    history = table.groupby("provider_name", observed=True).size()
    for replicate in seen[1:]:
        sizes = replicate.groupby(["provider", "provider_name"], observed=True).size().reset_index()
        assert sizes[0].tolist() == history[sizes["provider_name"]].tolist()


def test_constants_have_no_width_and_empty_replicates_are_left_out():
    table = pd.DataFrame({"provider": ["a", "b", "c"], "overall_effectiveness": ["Good", None, None]})
    for method in ("percentile", "bca"):
        found = sif.resample(table, statistic="good", n=200, rng=1, method=method)
        assert found[["estimate", "lower", "upper", "standard_error"]].to_numpy().tolist() == [[1.0, 1.0, 1.0, 0.0]]
        assert 100 < found["n_replicates"].item() < 180  # (2/3)^3 of all draw no provider with a grade
    nothing = sif.resample(table.assign(overall_effectiveness=None), statistic="good", n=20, rng=1)
    assert nothing[["estimate", "lower", "upper"]].isna().all(axis=None)


def test_the_table_is_not_changed():
    table = state()
    before = table.copy(deep=True)
    sif.resample(table, statistic=share_of, n=5, rng=1)
    sif.resample(table, statistic="good", n=5, rng=1)
    pd.testing.assert_frame_equal(table, before)


def test_a_bar_is_shown_where_asked_for_and_not_else(capsys):
    sif.resample(state(), statistic="good", n=20, rng=1, progress=True)
    assert "replicate" in capsys.readouterr().err
    sif.resample(state(), statistic="good", n=20, rng=1)
    assert capsys.readouterr().err == ""


def test_several_calls_at_once_do_not_disturb_one_another():
    expected = sif.resample(state(), statistic="good", n=300, rng=4)
    results = []
    threads = [threading.Thread(target=lambda: results.append(sif.resample(state(), statistic="good", n=300, rng=4))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for result in results:
        pd.testing.assert_frame_equal(result, expected)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"statistic": "excellent"}, r"unknown statistic 'excellent'; known are the shares outstanding, good.*or a function"),
        ({"method": "basic"}, "unknown method 'basic'; known are percentile, bca"),
        ({"n": 1}, "n=1"),
        ({"level": 95}, "level is 95"),
        ({"provider": "urn"}, "provider='urn': the table has no such column"),
        ({"statistic": len, "by": "region"}, "by= goes with the name of a share"),
        ({"statistic": lambda table: "many"}, "the function returned str; wanted is a number"),
        (
            {"statistic": lambda table: {str(i): 1 for i in range(table["provider"].dtype.kind == "i")}},
            "returned 1 numbers for a replicate and 0",
        ),
        ({"threads": 0}, "threads is 0"),
    ],
)
def test_what_is_wrong_is_named(arguments, said):
    with pytest.raises(ValueError, match=said):
        sif.resample(state(), **{"statistic": "good", "n": 10} | arguments)


def test_a_function_that_writes_in_its_table_changes_neither_the_input_nor_later_replicates():
    table = state()
    before = table.copy()

    def all_good(rows):
        rows["overall_effectiveness"] = "Good"
        rows.loc[rows.index[0], "region"] = None
        rows["extra"] = 1
        return 1.0

    for method in ("percentile", "bca"):
        assert sif.resample(table, statistic=all_good, n=3, method=method)["estimate"].item() == 1.0
        pd.testing.assert_frame_equal(table, before)


def test_a_missing_provider_and_an_empty_table_are_named():
    table = pd.DataFrame({"provider": ["a", None], "overall_effectiveness": ["Good", "Good"]})
    with pytest.raises(ValueError, match="column 'provider', row 1: the provider is missing"):
        sif.resample(table, statistic="good")
    with pytest.raises(ValueError, match="no rows"):
        sif.resample(table.iloc[:0], statistic="good")
