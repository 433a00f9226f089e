"""The worked examples run from top to bottom, show what is stored, and what they say is so."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.support import notebooks

NOTEBOOKS = sorted(notebooks.FOLDER.glob("*.ipynb"))
HIDDEN = {"tags": ["remove-cell"], "jupyter": {"source_hidden": True}}


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def of_code(path: Path) -> list[dict]:
    return [cell for cell in cells(path) if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Its warnings go to stderr, an output like others. The settings are not those of whoever runs the tests."""
    pytest.importorskip("nbclient", reason="the notebooks are run by nbclient")
    if pd.__version__ >= "3":
        pytest.skip("pandas 3 shows tables otherwise than pandas 2, with which the outputs were stored")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        patch.setenv("PYTHONWARNINGS", "default")
        with notebooks.kernel() as client:
            yield client


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_shows_today_what_is_stored(path: Path, kernel: object) -> None:
    """Readers should see no warning. `python -m tests.support.notebooks` stores."""
    now = [cell for cell in notebooks.run(path, kernel).cells if cell["cell_type"] == "code"]
    assert [output["text"] for cell in now for output in cell["outputs"] if output.get("name") == "stderr"] == []
    for stored, today in zip(of_code(path), now, strict=True):
        if notebooks.VARIES not in stored["metadata"].get("tags", []):
            assert notebooks.said(today) == notebooks.said(stored), "".join(stored["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_shows_tables_and_pictures(path: Path) -> None:
    kinds = {kind for cell in of_code(path) for output in cell["outputs"] for kind in output.get("data", {})}
    assert {"text/html", "image/png"} <= kinds


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_checks_what_its_prose_says_in_cells_that_readers_do_not_see(path: Path) -> None:
    checks = [cell for cell in of_code(path) if "assert " in "".join(cell["source"])]
    assert len(checks) >= 5
    assert all(cell["metadata"] == HIDDEN and cell["outputs"] == [] for cell in checks)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_pictures_have_words_for_those_who_do_not_see_them(path: Path) -> None:
    for cell in of_code(path):
        if any("image/png" in output.get("data", {}) for output in cell["outputs"]):
            assert len(cell["metadata"]["mystnb"]["image"]["alt"]) > 30, "".join(cell["source"])


def test_all_seven_are_there() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["00", "01", "02", "03", "04", "05", "06"]
