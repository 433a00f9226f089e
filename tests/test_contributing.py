"""The changes that CONTRIBUTING.md shows can be made: each patch applies to the tree as it is, and passes what a change must pass."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ofsted_sif import _core
from tests.deliberate_faults import compiled, copy_project

ROOT = Path(__file__).parent.parent
PATCHES = {path.stem: path for path in sorted((ROOT / "contributing").glob("*.patch"))}
# The tests that hold the lists in which what is new must stand, whatever files a change touches.
LISTS = [
    "tests/test_accessor.py::test_every_table_function_is_a_method_and_every_picture_too",
    "tests/test_deliberate_faults.py::test_every_kernel_has_faults",
    "tests/test_faults.py::test_every_function_of_the_core_is_called_here",
    "tests/test_frames.py::test_every_table_function_is_called_above",
    "tests/test_import.py",
    "tests/test_matrix.py::test_no_kernel_and_no_function_is_without_its_entry",
]
MEND = """
The patch no longer fits the tree. On a branch of its own: git apply --3way contributing/{0}.patch; mend it; git commit;
git show --format=%B --binary --full-index > {0}.patch; and on the branch that you came from put it in the place of the old one."""

pytestmark = [
    pytest.mark.skipif(not (PATCHES and (ROOT / "ofsted_sif" / "__init__.py").exists()), reason="the sources or the patches are not here"),
    pytest.mark.skipif(shutil.which("git") is None, reason="git, which applies patches, is not installed"),
]


def alone(folder: Path) -> dict[str, str]:
    """An environment in which git looks for no repository around the folder, whose paths it would take a patch's for."""
    return {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}


def run(*command: str, folder: Path, otherwise: str = "") -> None:
    ran = subprocess.run(command, cwd=folder, env=alone(folder), capture_output=True, text=True)
    assert ran.returncode == 0, f"{' '.join(command)}\n{ran.stdout[-4000:]}{ran.stderr[-4000:]}{otherwise}"


def touched(patch: Path) -> list[str]:
    return re.findall(r"^\+\+\+ b/(\S+)$", patch.read_text("utf-8"), flags=re.MULTILINE)


def new_tests(patch: Path) -> list[str]:
    """The node ids of the tests that a patch brings."""
    found, file = [], ""
    for line in patch.read_text("utf-8").splitlines():
        if line.startswith("+++ b/"):
            file = line.removeprefix("+++ b/")
        elif name := re.match(r"\+def (test_\w+)", line):
            found.append(f"{file}::{name[1]}")
    return found


def test_contributing_names_every_patch_and_no_other() -> None:
    assert set(re.findall(r"contributing/(\w+)\.patch", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))) == set(PATCHES)


@pytest.mark.parametrize("name", PATCHES)
def test_each_patch_applies_and_brings_its_reason_and_its_tests(name: str) -> None:
    if (
        subprocess.run(["git", "apply", "--check", "--reverse", PATCHES[name]], cwd=ROOT, env=alone(ROOT), capture_output=True).returncode
        == 0
    ):
        pytest.skip("somebody is trying it: it is applied")
    run("git", "apply", "--check", "--whitespace=error-all", str(PATCHES[name]), folder=ROOT, otherwise=MEND.format(name))
    text = PATCHES[name].read_text("utf-8")
    subject, empty, *reason = text.partition("diff --git ")[0].splitlines()
    assert subject
    assert not empty
    assert reason
    assert new_tests(PATCHES[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", PATCHES)
def test_each_patch_passes_what_a_change_must_pass(name: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    copy, files = tmp_path / "project", touched(PATCHES[name])
    copy.mkdir()
    copy_project(copy)
    run("git", "apply", str(PATCHES[name]), folder=copy, otherwise=MEND.format(name))
    tests = [*LISTS, *new_tests(PATCHES[name]), *(["tests/test_matrix.py"] if "tests/matrix.py" in files else [])]
    if any(file.startswith("csrc/") for file in files):
        if shutil.which(os.environ.get("CC", "cc")) is None:
            pytest.skip("no C compiler")
        assert compiled(copy, sorted(copy.glob("csrc/*/*.c")))
        tests.append("tests/test_c_core.py")
    else:
        shutil.copy(_core.__file__, copy / "ofsted_sif")
    run(sys.executable, "-c", f"import ofsted_sif; assert ofsted_sif.__file__.startswith({str(copy)!r})", folder=copy)
    modules = [file for file in files if re.fullmatch(r"ofsted_sif/.+\.py", file)]
    run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, *modules, folder=copy)
    if shutil.which("ruff") is not None:
        run("ruff", "format", "--check", "--no-cache", ".", folder=copy)
        run("ruff", "check", "--no-cache", ".", folder=copy)
    if importlib.util.find_spec("mypy") is not None:
        cache = tmp_path_factory.getbasetemp() / "mypy"  # one for all patches: most of it is of the libraries
        run(sys.executable, "-m", "mypy", "--cache-dir", str(cache), folder=copy)
        if "ofsted_sif/_core.pyi" in files:
            run(sys.executable, "-m", "mypy.stubtest", "ofsted_sif._core", "--mypy-config-file", "pyproject.toml", folder=copy)
