"""What is written about the package is so: links lead somewhere, commands exist, and the example of use runs as it is typed."""

import inspect
import re
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

import ofsted_sif as sif

ROOT = Path(__file__).parent.parent
PAGES = sorted(path for path in ROOT.rglob("*.md") if not {"build", ".nox", ".venv", "node_modules"} & set(path.relative_to(ROOT).parts))


def anchors(page: Path) -> set[str]:
    """The names by which a page's headings can be linked to."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def parameters(function: Callable[..., object]) -> dict[str, str]:
    """What a docstring says of each parameter that it names."""
    section = (inspect.getdoc(function) or "").partition("Parameters\n----------\n")[2]
    entries = re.findall(r"^(\S.*)\n((?: +.*\n?|\n(?= ))*)", re.split(r"\n\w+\n---", section)[0], flags=re.MULTILINE)
    return {name: text for names, text in entries for name in names.partition(" : ")[0].split(", ")}


PUBLIC = {
    name: value
    for module in (sif, sif.counts, sif.plot)
    for name, value in ((f"{module.__name__}.{name}", getattr(module, name)) for name in module.__all__)
    if inspect.isfunction(value)
}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_parameter_is_described_where_it_is_or_where_the_docstring_points(name: str) -> None:
    described = parameters(PUBLIC[name])
    assert {*described} == {*inspect.signature(PUBLIC[name]).parameters}
    for parameter, text in described.items():
        if pointed := re.match(r" *As for `(\w+)`", text):
            there = parameters(PUBLIC[f"{name.rpartition('.')[0]}.{pointed[1]}"])
            assert parameter in there, f"{pointed[1]} says nothing of {parameter}"
            assert not there[parameter].lstrip().startswith("As for"), f"{parameter}: {pointed[1]} points elsewhere, too"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_inside_the_repository_resolve(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!\w+:)([^)\s]+)", text):
        file, _, anchor = target.partition("#")
        linked = (page.parent / file) if file else page
        assert linked.exists(), f"links to {target}"
        if anchor:
            assert anchor in anchors(linked), f"links to {target}"


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md"])
def test_files_and_tests_named_are_there(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for name in re.findall(r"`((?:tests|csrc|ofsted_sif|\.ci|\.github)/[\w./]*\w)`", text):
        assert (ROOT / name).exists() or (Path(sif.__file__).parent.parent / name).exists(), name
    everything = "\n".join(path.read_text("utf-8") for path in ROOT.glob("tests/test_*.py"))
    for name in re.findall(r"`(test_\w+)`", text):
        assert f"def {name}(" in everything, name


def test_the_example_of_use_runs() -> None:
    names = runpy.run_path(str(ROOT / "tests" / "typing" / "use.py"))
    assert names["counted"].columns[0] == "region"
    assert len(names["grid"]) == 3  # two groups and those without one
