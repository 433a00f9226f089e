"""``df.sif`` has every table function, with the function's own words and arguments."""

import inspect

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import ofsted_sif as sif
from ofsted_sif.accessor import Accessor, _Plots

METHODS = {name for name in dir(Accessor) if not name.startswith("_")}


def test_every_table_function_is_a_method_and_every_picture_too() -> None:
    functions = {name for name in sif.__all__ if hasattr(getattr(sif, name), "__wrapped__")}
    assert functions | {"plot"} == METHODS
    assert {name for name in dir(_Plots) if not name.startswith("_")} == {*sif.plot.__all__} - {"describe"}  # describe takes axes, no table


@pytest.mark.parametrize("name", sorted(METHODS - {"plot"}))
def test_signature_and_docstring_are_the_functions_own_without_the_table(name) -> None:
    function, method = getattr(sif, name), getattr(sif.load_inspections().sif, name)
    table, *others = inspect.signature(function).parameters.values()
    assert list(inspect.signature(method).parameters.values()) == others
    ours, own = method.__doc__.splitlines(), function.__doc__.splitlines()
    assert ours[0] == own[0]
    assert 0 < len(own) - len(ours) <= 3 or any(line.strip().startswith(f"{table.name}, ") for line in own)
    parameters = inspect.cleandoc(method.__doc__).partition("Parameters\n")[2].partition("Returns\n")[0]
    assert f"\n{table.name} : " not in parameters
    assert f"\n{table.name}, " not in parameters
    assert f"\n{others[0].name}" in parameters or f", {others[0].name}" in parameters


def test_methods_give_what_functions_give_and_chain() -> None:
    table = sif.load_inspections()
    state = table.sif.as_at("2024-03-31", published_by="2024-06-30", framework="all")
    assert_frame_equal(
        state.sif.aggregate(by="region"),
        sif.aggregate(sif.as_at(table, "2024-03-31", published_by="2024-06-30", framework="all"), "region"),
    )
    assert_frame_equal(state.sif.compare(state, paired=True), sif.compare(state, state, paired=True))
    assert "aggregate" in dir(table.sif)
    assert "sif" in dir(pd.DataFrame)


def test_pictures_draw_the_table() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    axes = sif.aggregate(sif.load_inspections(), "region").sif.plot.shares()
    assert axes.get_figure() is not None
    axes.get_figure().clear()
    matplotlib.pyplot.close("all")
