"""`import ofsted_sif` is light, and yet everything is there."""

import importlib
import json
import subprocess
import sys

import numpy as np
import pytest

import ofsted_sif as sif
from ofsted_sif import counts

HEAVY = ("matplotlib", "scipy", "polars", "pyarrow", "dask", "jinja2", "tqdm", "python_calamine", "tomllib", "duckdb")


def loaded(statement: str) -> set[str]:
    """The packages that a fresh Python has loaded after a statement."""
    code = f"{statement}; import sys, json; print(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    return set(json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout))


def test_nothing_heavy_is_loaded_that_pandas_does_not_load() -> None:
    more = loaded("import pandas, ofsted_sif") - loaded("import pandas")
    assert more & set(HEAVY) == set()
    assert "ofsted_sif" in more


@pytest.mark.parametrize("name", sif.__all__)
def test_every_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(sif, name) is getattr(sif, name)
    assert name in dir(sif)


@pytest.mark.parametrize(("name", "module"), sif._LATER.items())
def test_what_is_loaded_later_is_the_function_of_its_module(name: str, module: str) -> None:
    assert getattr(sif, name) is getattr(importlib.import_module(f"ofsted_sif.{module}"), name)
    assert not hasattr(getattr(sif, name), "__path__")  # and no module hides it


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'agregate'"):
        _ = sif.agregate


def test_the_names_of_counts_are_its_functions_and_what_they_give() -> None:
    assert dir(counts) == sorted(counts.__all__)
    for name in counts.__all__:
        found = getattr(counts, name)
        assert name == "NO_DAY" or found.__module__.startswith("ofsted_sif.counts.")
        assert not hasattr(found, "__path__")  # no module hides it
    assert np.datetime64("NaT", "D").astype(np.int64) == counts.NO_DAY
