"""The package loads quickly, says what it runs with, and says what to type where something is missing."""

import subprocess
import sys

import pytest

import ofsted_sif as sif
from ofsted_sif import _core, installed

HEAVY = ["matplotlib", "scipy", "polars", "pyarrow", "dask", "jinja2", "narwhals", "tqdm"]


def loaded_after(statement):
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_import_loads_nothing_heavy_that_pandas_does_not_load() -> None:
    ours, before = loaded_after("import ofsted_sif"), loaded_after("import pandas")
    assert "ofsted_sif" in ours
    assert (ours - before) & set(HEAVY) == set()


def test_versions_say_what_runs(capsys) -> None:
    sif.show_versions()
    said = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.replace("C core", "C_core").splitlines())
    assert said["ofsted_sif"] == sif.__version__
    assert said["C_core"].split()[0] == _core.cpu
    assert {"Python", "platform", *installed.REQUIRED, *installed.OPTIONAL} <= set(said)


@pytest.mark.parametrize("extra", ["arrow", "plot", "report"])
def test_a_missing_extra_is_named_with_what_to_type(extra, monkeypatch) -> None:
    module = {"arrow": "pyarrow", "plot": "matplotlib.pyplot", "report": "jinja2"}[extra]
    if extra == "arrow":
        pytest.importorskip("polars")  # polars remembers what it finds when it is first imported, for later tests too
    monkeypatch.setitem(sys.modules, module, None)
    calls = {
        "arrow": lambda: sif.aggregate(sys.modules["polars"].DataFrame({"overall_effectiveness": ["Good"]})),
        "plot": lambda: sif.plot.shares(sif.aggregate(sif.load_inspections())),
        "report": lambda: __import__("ofsted_sif.report").report.write_report(sif.load_inspections(), "never.html"),
    }
    with pytest.raises(ImportError, match=rf"python3 -m pip install 'ofsted_sif\[{extra}\]'"):
        calls[extra]()
