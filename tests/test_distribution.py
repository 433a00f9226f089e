"""What is installed is what was meant: its version the same wherever it is said, and nothing in it that belongs to the build."""

import importlib.metadata
import re
import sys
import sysconfig
from pathlib import Path

import pytest

import ofsted_sif as sif
from ofsted_sif import _core

ROOT = Path(__file__).parent.parent


def said(file: str, pattern: str) -> str:
    found = re.search(pattern, (ROOT / file).read_text("utf-8"), flags=re.MULTILINE)
    assert found is not None, f"{file} says no version"
    return found[1]


def test_the_version_is_the_same_everywhere() -> None:
    assert importlib.metadata.version("ofsted_sif") == sif.__version__
    assert said("CITATION.cff", r"^version: (.+)$") == sif.__version__
    assert said("CHANGELOG.md", r"^## (.+)$") == sif.__version__  # its first heading is the newest version
    assert "version" not in said("pyproject.toml", r"\[project\]\n((?:.+\n)+)").split("dynamic")[0]


@pytest.mark.skipif(bool(sysconfig.get_config_var("Py_GIL_DISABLED")), reason="has no stable ABI before 3.15")
def test_one_build_serves_every_python() -> None:
    assert Path(_core.__file__).name == ("_core.pyd" if sys.platform == "win32" else "_core.abi3.so")


def test_an_installed_package_holds_no_source_of_the_core() -> None:
    folder = Path(sif.__file__).parent
    assert [path for path in folder.rglob("*") if path.suffix in (".c", ".h", ".o", ".ipynb")] == []


def test_data_layouts_and_page_are_installed_too() -> None:
    folder = Path(sif.__file__).parent
    wanted = [
        "py.typed",
        "_core.pyi",
        "data/inspections.csv",
        "reading/names.toml",
        "reading/layouts/schools_latest.toml",
        "report/page.html",
    ]
    assert [name for name in wanted if not (folder / name).exists()] == []
