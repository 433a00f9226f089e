"""`import ofsted_sif` is light, and yet everything is there."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ofsted_sif as sif
from ofsted_sif import counts

HEAVY = ("matplotlib", "scipy", "polars", "pyarrow", "dask", "jinja2", "tqdm", "python_calamine", "tomllib", "duckdb")

#: The list of public names that a type checker reads: name -> module, none for a module itself.
LISTED = {
    alias.asname: node.module or ""
    for node in ast.parse(Path(sif.__file__).with_suffix(".pyi").read_text("utf-8")).body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
}


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


@pytest.mark.parametrize(("name", "module"), LISTED.items())
def test_a_listed_name_is_that_of_its_module(name: str, module: str) -> None:
    if not module:
        assert getattr(sif, name) is importlib.import_module(f"ofsted_sif.{name}")
        return
    assert getattr(sif, name) is getattr(importlib.import_module(f"ofsted_sif.{module}"), name)
    assert not hasattr(getattr(sif, name), "__path__")  # and no module hides it


def test_public_names_are_those_of_the_list_and_no_other() -> None:
    assert sorted(LISTED) == sorted(sif.__all__)


def test_tables_have_the_methods_after_the_import_alone() -> None:
    code = (
        "import ofsted_sif, pandas; "
        "print(int(pandas.DataFrame({'overall_effectiveness': ['Good', 'Inadequate']}).sif.aggregate()['good_or_outstanding'].iloc[0]))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "1"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="ofsted_sif attribute agregate"):
        _ = sif.agregate


def test_the_names_of_counts_are_its_functions_and_what_they_give() -> None:
    assert dir(counts) == sorted(counts.__all__)
    for name in counts.__all__:
        found = getattr(counts, name)
        assert name == "NO_DAY" or found.__module__.startswith("ofsted_sif.counts.")
        assert not hasattr(found, "__path__")  # no module hides it
    assert np.datetime64("NaT", "D").astype(np.int64) == counts.NO_DAY
