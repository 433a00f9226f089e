"""Shrinkage and overdispersion against R, and a funnel's limits."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

import ofsted_sif as sif
from ofsted_sif.dispersion import funnel_of

GOOD, N = [3, 8, 20, 5, 14, 9, 12, 7, 6], [9, 11, 33, 12, 23, 19, 15, 14, 15]
APART = [1, 11, 30, 2, 22, 3, 15, 1, 14]


def counted(good, n):
    """What `aggregate` gives of groups of which so many of so many are good."""
    rows = [(group, word) for group, (x, of) in enumerate(zip(good, n, strict=True)) for word in ["Good"] * x + ["Inadequate"] * (of - x)]
    table = pd.DataFrame(rows, columns=["group", "overall_effectiveness"])
    table["group"] = pd.Categorical(table["group"], categories=range(len(n)))
    return sif.aggregate(table, "group")


def test_shrunk_shares_are_those_of_nested_integration_in_r(told_by_r):
    """The package sums over a grid of 80 by 80 points, hence the tolerance."""
    found = sif.shrink(counted(GOOD, N))
    for group, values in told_by_r("small_groups")["shrunk"].items():
        assert found["share_shrunk"][int(group) - 1] == pytest.approx(values["share"], abs=2e-5)


def test_bounds_of_shrunk_shares_are_quantiles_of_the_mixture():
    """By the whole grid, point by point, and the distribution of each point from SciPy."""
    found = sif.shrink(counted(GOOD, N), level=0.8)
    mean, root = np.meshgrid((np.arange(80) + 0.5) / 80, (np.arange(80) + 0.5) / 80)
    s = 1 / root**2 - 1
    a, b = mean * s, (1 - mean) * s
    from scipy.special import betaln

    log_weight = np.log(root) + sum(betaln(a + x, b + n - x) - betaln(a, b) for x, n in zip(GOOD, N, strict=True))
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    for (x, n), (_, row) in zip(zip(GOOD, N, strict=True), found.iterrows(), strict=True):
        for bound, below in ((row["shrunk_lower"], 0.1), (row["shrunk_upper"], 0.9)):
            assert (weight * beta.cdf(bound, a + x, b + n - x)).sum() == pytest.approx(below, abs=1e-6)


def test_small_groups_are_drawn_further_than_large_ones_and_all_towards_the_middle():
    found = sif.shrink(counted([1, 10, 100, 62, 58], [2, 20, 200, 100, 100]))
    moved = (found["share_shrunk"] - found["share_good_or_outstanding"]).to_numpy()[:3]
    assert (moved > 0).all()
    assert moved[0] > moved[1] > moved[2]
    inside = (found["shrunk_lower"] < found["share_shrunk"]) & (found["share_shrunk"] < found["shrunk_upper"])
    assert inside.all()


def test_groups_of_nobody_too_few_groups_and_shares_of_all_or_none():
    with_nobody = sif.shrink(counted([3, 0, 2, 4], [5, 0, 6, 7]))
    assert with_nobody["share_shrunk"].notna().all()
    assert 0.2 < with_nobody["share_shrunk"][1] < 0.8
    assert with_nobody["shrunk_upper"][1] - with_nobody["shrunk_lower"][1] > 0.3
    few = sif.shrink(counted([3, 0, 2], [5, 0, 6]))
    assert few[["share_shrunk", "shrunk_lower", "shrunk_upper"]].isna().all(axis=None)
    for good in ([0, 0, 0, 0], [5, 6, 7, 8]):
        found = sif.shrink(counted(good, [5, 6, 7, 8]))
        assert found["share_shrunk"].between(0, 1, inclusive="neither").all()
        assert (found["shrunk_lower"] <= found["share_shrunk"]).all()
    assert len(sif.shrink(counted([3, 4, 5], [6, 6, 6]).iloc[:0])) == 0


def test_good_and_not_good_are_mirror_images():
    one, other = sif.shrink(counted(GOOD, N)), sif.shrink(counted([n - x for x, n in zip(GOOD, N, strict=True)], N))
    np.testing.assert_allclose(one["share_shrunk"], 1 - other["share_shrunk"], rtol=1e-9)
    np.testing.assert_allclose(one["shrunk_lower"], 1 - other["shrunk_upper"], rtol=1e-6)


def test_the_table_keeps_its_columns_its_order_and_its_attrs():
    table = counted(GOOD, N)
    before = table.copy()
    table.attrs = {"as_at": "2024-03-31"}
    found = sif.shrink(table)
    pd.testing.assert_frame_equal(table, before)
    assert list(found) == [*table, "share_shrunk", "shrunk_lower", "shrunk_upper"]
    assert found.attrs == table.attrs
    turned = sif.shrink(table.iloc[::-1])
    np.testing.assert_allclose(turned["share_shrunk"][::-1], found["share_shrunk"], rtol=1e-12)
    with pytest.raises(ValueError, match="a column 'share_shrunk' of its own"):
        sif.shrink(found)


def test_weighted_shares_are_drawn_by_their_effective_numbers():
    table = pd.DataFrame({"overall_effectiveness": sif.grades(["Good", "Inadequate"] * 20), "group": np.repeat(range(4), 10)})
    plain = sif.shrink(sif.aggregate(table, "group"))
    weighted = sif.shrink(sif.aggregate(table.assign(w=3.0), "group", weights="w"))
    np.testing.assert_allclose(weighted["share_shrunk"], plain["share_shrunk"], rtol=1e-12)


@pytest.mark.parametrize(
    ("good", "phi", "tau2"), [(GOOD, 0.949518558624441, 0.001038776), (APART, 15.98817, 0.258698)], ids=["chance", "far apart"]
)
def test_overdispersion_is_that_of_funnelplotr(good, phi, tau2):
    """As the R package FunnelPlotR prints it, od_adjustment.R: transformed_zscore, winsorisation(z, .1), phi_func, tau_func."""
    found = sif.overdispersion(counted(good, N)).iloc[0]
    assert found["k"] == 9
    assert found["target"] == pytest.approx(sum(good) / sum(N), rel=1e-14)
    assert found["phi"] == pytest.approx(phi, rel=5e-7)
    assert found["tau2"] == pytest.approx(tau2, rel=2e-6)


@pytest.mark.parametrize(("case", "good"), [("chance", GOOD), ("far apart", APART)], ids=["chance", "far apart"])
def test_overdispersion_by_the_formulas_of_funnelplotr_in_r(told_by_r, case, good):
    found = sif.overdispersion(counted(good, N)).iloc[0]
    assert found[["phi", "tau2"]].to_dict() == pytest.approx(told_by_r("small_groups")[case]["all"], rel=1e-11)


def test_few_groups_equal_groups_and_groups_of_nobody():
    few = sif.overdispersion(counted([1, 2, 3, 4], [5, 6, 7, 8])).iloc[0]
    assert few[["phi", "tau2"]].isna().all()
    for good in ([0] * 6, [5] * 6):
        same = sif.overdispersion(counted(good, [5] * 6)).iloc[0]
        assert same[["phi", "tau2"]].tolist() == [0, 0]
    with_nobody = counted([*GOOD, 0], [*N, 0])
    pd.testing.assert_frame_equal(sif.overdispersion(with_nobody), sif.overdispersion(counted(GOOD, N)))
    nobody = sif.overdispersion(counted([0], [0])).iloc[0]
    assert nobody["k"] == 0
    assert np.isnan(nobody["target"])
    with pytest.raises(ValueError, match=r"^trim is 0\.5; it lies from 0"):
        sif.overdispersion(counted(GOOD, N), trim=0.5)


@pytest.mark.parametrize("function", [sif.shrink, sif.overdispersion], ids=["shrink", "overdispersion"])
def test_what_is_no_count_of_a_threshold_is_refused(function):
    with pytest.raises(ValueError, match=r"takes what sif\.aggregate gives"):
        function(sif.load_inspections())


@pytest.mark.parametrize("function", [sif.shrink, sif.overdispersion], ids=["shrink", "overdispersion"])
def test_a_row_of_all_groups_is_no_group(function):
    table = sif.load_inspections().query("framework == 'ILACS'")
    with pytest.raises(ValueError, match="the last row is the sum of all others"):
        function(sif.aggregate(table, "region", total=True))


def test_limits_widen_where_groups_differ_and_never_turn_round():
    binomial, additive, multiplicative = (
        funnel_of(np.array(APART, dtype=float), np.array(N, dtype=float), limits) for limits in ("binomial", "additive", "multiplicative")
    )
    n = np.array([1, 2, 5, 10, 20, 40, 400])
    for level in (0.95, 0.998):
        bounds = [funnel.bounds(n, level) for funnel in (binomial, additive, multiplicative)]
        for lower, upper in bounds:
            assert (lower < upper).all()
        assert (bounds[1][0] <= bounds[0][0]).all()
        assert (bounds[2][1] >= bounds[0][1]).all()
    # FunnelPlotR at n = 5, 10, 20, 40 and 99.8%: it does not cut the angle, so that a lower limit lies above an upper one.
    assert additive.bounds(np.array([40]), 0.998)[0] == 0
    assert binomial.phi > 1
    assert np.isnan(funnel_of(np.array(GOOD, dtype=float), np.array(N, dtype=float), "binomial").phi)


def test_p_of_groups_are_two_sided_normal_tails():
    from scipy.stats import norm

    funnel = funnel_of(np.array(GOOD, dtype=float), np.array(N, dtype=float), "binomial")
    x, n = np.array(GOOD), np.array(N)
    z = (np.arcsin(np.sqrt(x / n)) - np.arcsin(np.sqrt(x.sum() / n.sum()))) * 2 * np.sqrt(n)
    np.testing.assert_allclose(funnel.p(), 2 * norm.sf(np.abs(z)), rtol=1e-12)


def test_a_funnel_draws_the_limits_that_were_asked_for_and_names_fewer_groups():
    pytest.importorskip("matplotlib")
    import matplotlib.pyplot as plt

    def named(**options):
        ax = sif.plot.funnel(counted(APART, N), **options)
        texts = [text.get_text() for text in ax.texts]
        lines = [line.get_ydata() for line in ax.lines if len(line.get_ydata()) > 9]
        plt.close("all")
        return texts, lines

    plain, binomial = named()
    wide, additive = named(limits="additive")
    careful, _ = named(adjust="bonferroni")
    assert len(wide) < len(plain)
    assert len(careful) <= len(plain)
    assert (additive[0] <= binomial[0] + 0.15).all()
    assert np.mean(additive[1] - additive[0]) > np.mean(binomial[1] - binomial[0])
    ax = sif.plot.funnel(counted(APART, N), limits="multiplicative")
    said = " ".join(text.get_text() for text in ax.get_figure().findobj(plt.Text))
    plt.close("all")
    assert "multiplicative limits" in said
    assert "more than chance" in said
    with pytest.raises(ValueError, match="unknown limits 'wide'; known are binomial, additive, multiplicative"):
        sif.plot.funnel(counted(APART, N), limits="wide")


@pytest.mark.parametrize("function", [sif.shrink, sif.overdispersion])
def test_the_same_groups_on_several_dates_or_of_several_judgements_are_refused(function):
    table = sif.load_inspections()
    series = sif.series(table, ["2019-03-31", "2024-03-31"], "region", framework="all")
    with pytest.raises(ValueError, match=r"takes one row per group, and the column 'as_at' has 2 values.*take one of them, counted\["):
        function(series)
    state = sif.as_at(table, **sif.release("la-2024-03-31"))
    several = sif.aggregate(state, "region", judgement=["overall_effectiveness", "leadership"])
    with pytest.raises(ValueError, match=r"the column 'judgement' has 2 values"):
        function(several)
    for one in (series[series["as_at"] == series["as_at"].max()], several[several["judgement"] == "leadership"]):
        assert len(function(one))
