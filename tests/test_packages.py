"""The packages say the same of themselves: the conda recipe what pyproject.toml says."""

import re
import tomllib
from pathlib import Path

import pytest

import ofsted_sif as sif

ROOT = Path(__file__).parent.parent
yaml = pytest.importorskip("yaml")
RECIPE = yaml.safe_load((ROOT / "conda" / "recipe.yaml").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def bounds(requirements: list[str]) -> dict[str, str]:
    """The versions that are allowed of each package."""
    return dict(re.fullmatch(r"([\w.-]+) ?(.*)", requirement).groups() for requirement in requirements)


def test_the_conda_recipe_needs_what_the_wheel_needs() -> None:
    needed = bounds(RECIPE["requirements"]["run"])
    assert needed.pop("python") == ">=${{ python_min }}"
    assert needed == bounds(PROJECT["dependencies"])
    assert f">={RECIPE['context']['python_min']}" == PROJECT["requires-python"]


def test_the_conda_recipe_has_the_version_and_the_licence_of_the_package() -> None:
    assert RECIPE["context"]["version"] == sif.__version__
    assert RECIPE["package"]["name"] == PROJECT["name"]
    assert {name: RECIPE["about"][name] for name in ("summary", "license", "license_file")} == {
        "summary": PROJECT["description"],
        "license": PROJECT["license"],
        "license_file": PROJECT["license-files"],
    }
    assert all((ROOT / file).is_file() for file in RECIPE["about"]["license_file"])


def test_the_classifiers_name_the_pythons_that_are_tested() -> None:
    named = re.findall(r"Python :: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), flags=re.M)
    tested = re.search(r"^PYTHONS = (\[.*\])$", (ROOT / "noxfile.py").read_text("utf-8"), flags=re.M)
    assert tested is not None
    assert named == re.findall(r"3\.\d+", tested[1])
