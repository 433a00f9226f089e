"""Every check of this project, a session each.

nox -l                     what there is
nox -s lint types          what takes a minute
nox -s tests -- -k trend   the tests, or some of them
nox -s proofs              what need not run at each change: hours rather than minutes

A session that builds works on a copy of the tracked files, so that the checkout stays as it is.
"""

import os
import re
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
PYTEST = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")

nox.options.sessions = ["lint", "types", "tests", "c", "coverage", "sanitize", "corner"]
nox.options.envdir = str(ROOT / ".nox")  # absolute: sessions go elsewhere, and find there what another has made
nox.options.error_on_missing_interpreters = False  # a Python that is not there is passed over, with a word
nox.options.default_venv_backend = "uv|virtualenv"  # where uv is, it installs in seconds what takes pip half a minute
nox.options.download_python = "never"
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *map(str, Path.home().glob(".pyenv/versions/*/bin"))])
os.environ["PIP_COMPILE"] = "no"  # most of what is installed is never imported, and what is, Python compiles then
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # and keeps, or each process of the tests would compile it anew

# Pictures, pages, notebooks, commands, what is fetched and files of others know nothing of processors or the oldest NumPy.
ONCE = ("batches", "c_core", "cli", "clusters", "documentation", "full_history", "guide", "headline", "installed", "no_network")
ONCE += ("notebooks", "packages", "plot", "readme", "reading_damaged", "reading_xls", "report", "security", "site", "sources")
ONCE += ("sources_histories", "sources_titles", "structure", "whole_file", "workbook")
READING = ("accessor", "combining_releases", "datasets", "known_from", "reading", "reading_cells", "reading_every_release")
READING += (
    "known",
    "pairs_of_releases",
    "reading_headers",
    "releases_of_unlike_kinds",
    "reading_published",
    "reading_what_is_there",
    "result_tables",
)
# What reaches every line and branch of the C code, and what brings it tables of every kind, and callers and writers at once.
REACHING = ("bindings", "counts", "counts_change", "counts_trends", "encoding", "faults", "interrupts", "kinds_of_array", "resampling")
BRINGING = ("concurrent_callers", "frames", "kinds_of_table", "published_figures", "races", "rules", "tables", "threads", "together")
# Kernels on plain arrays: no other library has a say in what they answer.
KERNELS = ("concurrent_callers", "counts", "counts_change", "counts_trends", "faults", "interrupts", "races", "threads")


def without(*names: str) -> list[str]:
    """Arguments of pytest that leave these test files out."""
    return [f"--ignore={file}" for file in files(*names)]


def files(*names: str) -> list[str]:
    """The test files of these names."""
    return [f"tests/test_{name}.py" for name in names]


def group(name: str) -> list[str]:
    """The pinned tools of a dependency group in pyproject.toml."""
    return nox.project.dependency_groups(PROJECT, name)


def in_a_copy(session: nox.Session) -> Path:
    """Copy the tracked files, with the folder of published samples beside them where there is one, and go there."""
    place = Path(session.create_tmp()).resolve()
    shutil.rmtree(place / "project", ignore_errors=True)
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            (place / "project" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / "project" / name)
    link_shared(place)
    session.chdir(place / "project")
    return place / "project"


def link_shared(place: Path) -> None:
    """Put the folder of published samples, where there is one, beside a copy of the project."""
    if (ROOT.parent / "shared").exists() and not (place / "shared").exists():
        (place / "shared").symlink_to(ROOT.parent / "shared")


# ---- what each change must pass


@nox.session
def lint(session: nox.Session) -> None:
    """Form and docstrings, and the workflows."""
    session.install(*group("lint"))
    session.run("ruff", "format", "--check", "--no-cache", ".")
    session.run("ruff", "check", "--no-cache", ".")
    session.run("zizmor", "--offline", "--quiet", ".github")
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, Path(".github/workflows").glob("*.yml")))


@nox.session
def types(session: nox.Session) -> None:
    """Types of the package and of its use (tests/typing), and the stub against the built module."""
    in_a_copy(session)
    session.install("-e", ".[test]", *group("types"), env={"OFSTED_SIF_DEBUG": "1"})  # compiled in a moment, and not run
    session.run("mypy")
    session.run("python", "-m", "mypy.stubtest", "ofsted_sif._core", "--mypy-config-file", "pyproject.toml")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, doctests, the README and the notebooks; after `--` arguments for pytest."""
    in_a_copy(session)
    session.install("-e", ".[test]")
    session.run(*PYTEST, "-n", "2", *session.posargs)


@nox.session
def c(session: nox.Session) -> None:
    """Test the C core alone under AddressSanitizer and UndefinedBehaviorSanitizer; clang's warnings, cppcheck, clang-tidy."""
    session.run("make", "-s", "-j2", "-C", "tests/c", "check", "SANITIZE=1", external=True)
    session.run("make", "-s", "-C", "tests/c", "lint", external=True)


@nox.session
def coverage(session: nox.Session) -> None:
    """Demand that the tests reach every line and branch of the C code.

    Lines marked "not reached: reason" are left out, and so are the branches of lines marked "one way: reason".
    """
    where = in_a_copy(session)
    watched = {"OFSTED_SIF_COVERAGE": "1", "OFSTED_SIF_FAULTS": "1"}
    session.install("-e", ".", "setuptools>=77", *group("coverage"), env=watched)
    # Built in place, where gcov's notes stay: pip builds in a folder that it removes.
    session.run("python", "setup.py", "-q", "build_ext", "--inplace", "--force", env=watched)
    session.run(*PYTEST, *files(*REACHING))
    # The extension's allocations are calls of functions that gcc does not know. It splits lines into blocks alike where it knows none.
    same_blocks = "-fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free"
    flags = f"CFLAGS=-std=c11 -O0 --coverage -fprofile-update=atomic -fprofile-abs-path {same_blocks}"
    session.run("make", "-s", "-j2", "-C", "tests/c", "check", f"BUILD={where / 'build-c'}", flags, external=True)
    # Loops for the widest instructions are compiled, and not run, where the processor lacks them: there they are left out.
    whole = "avx512vl" in Path("/proc/cpuinfo").read_text("utf-8")
    if not whole:
        session.warn("this processor has no AVX-512: the hot loops for it were compiled and not run, and no emulator for them is known")
    for folder, left_out in (("csrc/core", () if whole else ("--exclude", r"csrc/core/(cpu|.*_loops.*)\.[ch]")), ("csrc/python", ())):
        marked = "--exclude-lines-by-pattern", r".*/\* not reached: \S.*", "--exclude-branches-by-pattern", r".*/\* one way: \S.*"
        least = "--fail-under-line", "100", "--fail-under-branch", "100"
        said = "--txt-metric", "branch", "--txt", "-", "--print-summary"
        session.run("gcovr", "-r", ".", "--filter", folder, *left_out, *marked, *least, *said)


@nox.session
def sanitize(session: nox.Session) -> None:
    """Run what reaches the C code on a sanitized build, warnings as errors, with allocations that fail; after `--` arguments for pytest."""
    in_a_copy(session)
    session.install("-e", ".[test]", env={"OFSTED_SIF_SANITIZE": "1", "OFSTED_SIF_STRICT": "1", "OFSTED_SIF_FAULTS": "1"})
    # The sanitizer must be there before Python is; libstdc++ beside it lets C++ libraries throw. Python itself keeps memory to its end.
    watched = {"LD_PRELOAD": f"{library('libasan.so')} {library('libstdc++.so')}", "ASAN_OPTIONS": "detect_leaks=0"}
    session.run(*PYTEST, *files(*REACHING, *BRINGING), *session.posargs, env=watched | {"UBSAN_OPTIONS": "print_stacktrace=1"})


def library(name: str) -> str:
    """Where gcc keeps a library."""
    return subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout.strip()


@nox.session
def build(session: nox.Session) -> None:
    """Make sdist and wheel, the wheel from the sdist, have the tools of the trade look at them, and install it without a compiler."""
    in_a_copy(session)
    session.install(*group("build"))
    wheels = session.cache_dir / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    # Warnings are errors: some come with the optimisation that users have, and with no sanitizer's.
    session.run("python", "-m", "build", "--outdir", str(wheels), env={"OFSTED_SIF_STRICT": "1"})
    (sdist,), (wheel,) = wheels.glob("*.tar.gz"), wheels.glob("*.whl")
    if wheel.name.endswith("linux_x86_64.whl"):
        session.run("auditwheel", "repair", "--only-plat", "--wheel-dir", str(wheels), str(wheel))
        wheel.unlink()
        (wheel,) = wheels.glob("*.whl")
        assert "manylinux" in wheel.name, wheel
    session.run("twine", "check", "--strict", str(sdist), str(wheel))
    session.run("check-wheel-contents", str(wheel))
    session.run("abi3audit", "--strict", "--verbose", str(wheel))
    session.run("python", "conda/check.py")
    without_a_compiler(session, wheel)


def without_a_compiler(session: nox.Session, wheel: Path) -> None:
    """Install the wheel in a fresh environment in which no compiler can be found, and ask it for the headline."""
    fresh = Path(session.create_tmp()).resolve() / "fresh"
    session.run("python", "-m", "venv", "--clear", str(fresh))
    programs = fresh / ("Scripts" if os.name == "nt" else "bin")
    alone = {"PATH": str(programs), "CC": "/bin/false", "CXX": "/bin/false"}
    python = str(programs / "python")
    session.run(python, "-c", "import shutil; assert not any(map(shutil.which, ('cc', 'gcc', 'clang', 'cl')))", env=alone, external=True)
    session.run(python, "-m", "pip", "install", "--quiet", str(wheel), env=alone, external=True)
    headline = session.run(str(programs / "ofsted-sif"), env=alone, external=True, silent=True)
    assert "Overall effectiveness" in headline, headline


@nox.session
def corner(session: nox.Session) -> None:
    """Test the wheel with the oldest Python and the oldest libraries that pyproject.toml allows."""
    session.notify("build")
    session.notify("grid(3.11, oldest)", posargs=[*without(*ONCE, *KERNELS), "tests"])


@nox.session
@nox.parametrize(
    "python, libraries",
    [nox.param("3.11", "oldest", id="3.11, oldest"), *(nox.param(python, "newest", id=f"{python}, newest") for python in PYTHONS)],
)
def grid(session: nox.Session, libraries: str) -> None:
    """Install the wheel, and run the tests as the sdist holds them, with no source of the package in sight."""
    wheels = session.cache_dir / "wheels"
    if not wheels.exists():
        session.error("there is no wheel yet: nox -s build")
    (sdist,), (wheel,) = wheels.glob("*.tar.gz"), wheels.glob("*.whl")
    wanted = ["--constraint", str(oldest(session))] if libraries == "oldest" else ["pandas>=3"]
    built = [f"--only-binary={name}" for name in ("numpy", "pandas", "scipy", "pyarrow")]
    session.install(*built, *wanted, f"{wheel}[test]")
    unpacked = Path(session.create_tmp()).resolve()
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    (project,) = unpacked.glob("ofsted_sif-*")
    for module in (project / "ofsted_sif").rglob("*.py*"):
        module.unlink()
    link_shared(unpacked)
    session.chdir(project)
    session.run("python", "-c", "import ofsted_sif; ofsted_sif.show_versions()")
    session.run(*PYTEST, "-n", "2", *(session.posargs or ["--pyargs", "tests", "ofsted_sif"]))


def oldest(session: nox.Session) -> Path:
    """Write the lowest versions that pyproject.toml allows of what the package needs, and of pyarrow, whose newest wants a newer NumPy."""
    required = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["arrow"]]
    pins = {re.sub(r"^([\w.-]+)>=([\d.]+).*$", r"\1==\2", one) for one in required}
    file = Path(session.create_tmp()) / "oldest.txt"
    file.write_text("\n".join(sorted(pins)) + "\n")
    return file


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation, run its examples, look for dead links, and let axe look at its pages; all without a network."""
    in_a_copy(session)
    session.install("-e", ".[test,plot,report]", *group("docs"))
    site = Path(session.create_tmp()).resolve() / "site"
    shutil.rmtree(site, ignore_errors=True)
    session.run("sphinx-build", "-q", "-j", "2", "-W", "--keep-going", "docs", str(site))
    session.run(*PYTEST, "tests/test_site.py", env={"OFSTED_SIF_SITE": str(site)})


# ---- proofs: what need not run at each change

PROOFS = ("slow", "fuzz", "processors", "threads", "faults", "mutants", "build", *(f"grid({python}, newest)" for python in PYTHONS))


@nox.session
def proofs(session: nox.Session) -> None:
    """Run all that need not run at each change, one after another."""
    for name in (*PROOFS, "grid(3.11, oldest)"):
        session.notify(name)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the tests that take minutes, and those of the kernels in the versions for other processors."""
    in_a_copy(session)
    session.install("-e", ".[test]")
    session.run(*PYTEST, "-n", "2", "-m", "slow")
    for cpu in ("baseline", "avx2"):
        session.run(*PYTEST, *without(*ONCE, *READING), env={"OFSTED_SIF_CPU": cpu})


@nox.session
def fuzz(session: nox.Session) -> None:
    """Run every fuzz target for a while; after `--` the seconds."""
    session.run("make", "-s", "-j2", "-C", "tests/c", "fuzz", f"SECONDS={(session.posargs or ['60'])[0]}", external=True)


@nox.session
def processors(session: nox.Session) -> None:
    """Test the C core on a 32-bit, a big-endian and an Arm processor; compile it for Windows."""
    for processor in ("i686", "s390x", "aarch64", "mingw"):
        session.run("make", "-s", "-j2", "-C", "tests/c", processor, external=True)


@nox.session
def threads(session: nox.Session) -> None:
    """Call every kernel, and every function of the core, from several threads at once under ThreadSanitizer."""
    session.run("make", "-s", "-j2", "-C", "tests/c", "threads", external=True)
    in_a_copy(session)
    session.install("-e", ".[test]", env={"OFSTED_SIF_TSAN": "1", "OFSTED_SIF_STRICT": "1"})
    watched = {"LD_PRELOAD": library("libtsan.so"), "TSAN_OPTIONS": "exitcode=66"}
    session.run(*PYTEST, "tests/test_concurrent_callers.py", env=watched)


@nox.session
def faults(session: nox.Session) -> None:
    """Put deliberate faults into the C core, each of which must turn a test red; after `--` files of csrc/core."""
    in_a_copy(session)
    session.install("-e", ".[test]")
    session.run("python", "-m", "tests.support.deliberate_faults", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Change the modules that count, a little at a time, each of which must turn a test red; after `--` names of mutants."""
    in_a_copy(session)
    session.install("-e", ".[test]", *group("mutants"))
    session.run("mutmut", "run", *session.posargs)
    session.run("mutmut", "results")
