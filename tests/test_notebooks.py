"""The worked examples run from top to bottom, and what they say is so: every number in their prose is asserted in a cell of theirs."""

import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
A_CELL_THAT_HANGS = 300  # seconds: ends what would never end, and is no measure of speed


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_and_says_nothing_by_the_way(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A kernel's warnings go to stderr, which is an output like others: a reader should see none."""
    pytest.importorskip("nbmake", reason="the notebooks are run by nbmake")
    from nbmake.nb_run import NotebookRun

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))  # not the settings of whoever runs the tests
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    result = NotebookRun(path, A_CELL_THAT_HANGS).execute()
    assert result.error is None, result.error.trace
    outputs = [output for cell in result.nb.cells if cell.cell_type == "code" for output in cell.outputs]
    assert outputs
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stores_no_output(path: Path) -> None:
    """Outputs would go stale, and make every change of the package a change of the notebooks."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    run = [cell for cell in cells if cell["cell_type"] == "code"]
    assert run
    assert all(cell["outputs"] == [] and cell["execution_count"] is None and cell["metadata"] == {} for cell in run)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_asserts_what_its_prose_says(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert sum("assert " in "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code") >= 5


def test_all_six_are_there() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]
