"""Deliberate faults in the C core: each is put into a copy, built, and must turn a test red.

    python3 -m tests.support.deliberate_faults            all; prints a table
    python3 -m tests.support.deliberate_faults spells.c   those of one file

The faults stand in deliberate_faults.toml. Where a kernel was rewritten, `old` no longer occurs there exactly once: the script says
which, and the entry is to be written anew for the lines that now do the same.
"""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

from tests.support.forks import PYTEST, FirstRed, in_a_fork, load_libraries

ROOT = Path(__file__).parents[2]
SECONDS = 120  # of the processor, for the tests likely to notice: a fault may make a loop endless; all others have five times as long


@dataclass(frozen=True)
class Fault:
    """One replacement in a file of csrc/core, and the tests that are likely to notice."""

    file: str
    fault: str
    old: str
    new: str
    tests: tuple[str, ...]
    c_tests: tuple[str, ...]  # programs of tests/c


def faults() -> list[Fault]:
    read = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    likely = {file: {"tests": tuple(of["tests"]), "c_tests": tuple(of.get("c_tests", ()))} for file, of in read.items()}
    return [Fault(file, **entry | likely[file]) for file, of in read.items() for entry in of["faults"]]


def misplaced(all_faults: list[Fault], core: Path) -> list[str]:
    """What is wrong with the table: replacements that do not apply exactly once, or change nothing."""
    wrong = []
    for fault in all_faults:
        times = (core / fault.file).read_text(encoding="utf-8").count(fault.old) if (core / fault.file).exists() else 0
        if times != 1 or fault.old == fault.new:
            wrong.append(f"{fault.file}: {fault.fault}: `{fault.old}` occurs {times} times")
    return wrong


def copy_project(copy: Path) -> None:
    """Copy what a build and the tests need, without what was built."""
    for name in ("conda", "csrc", "docs", "ofsted_sif", "tests", "notebooks"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("*.so", "*.o", "__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, copy)


def compiled(copy: Path, sources: list[Path]) -> bool:
    """Compile sources to objects beside them, and link all objects to the module."""
    flags = ["-std=c11", "-O1", "-fPIC", "-fvisibility=hidden", "-w", f"-I{copy}/csrc/core", f"-I{sysconfig.get_path('include')}"]
    flags += [] if sysconfig.get_config_var("Py_GIL_DISABLED") else ["-DPy_LIMITED_API=0x030B0000"]
    cc = os.environ.get("CC", "cc")
    running = [subprocess.Popen([cc, *flags, "-c", str(source), "-o", str(source.with_suffix(".o"))]) for source in sources]
    ended = [compiler.wait() for compiler in running]  # of all, whatever the first says
    if any(ended):
        return False
    objects = [str(path) for path in copy.glob("csrc/*/*.o")]
    return subprocess.run([cc, "-shared", "-o", str(copy / "ofsted_sif" / "_core.abi3.so"), *objects, "-lm"]).returncode == 0


def first_red(copy: Path, tests: list[str], seconds: int = SECONDS) -> str | None:
    """The first test of the files that fails; None where all pass."""
    noted = copy / "first_red"
    noted.unlink(missing_ok=True)

    def run() -> int:
        os.chdir(copy)
        sys.path[0] = str(copy)
        for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
            del sys.modules[name]
        in_time = ["-k", "not ctrl_c"]  # whose time the machine decides
        return int(pytest.main([*PYTEST, *in_time, *tests], plugins=[FirstRed(noted)]))

    code = in_a_fork(run, seconds)
    if code == 0:
        return None
    return noted.read_text("utf-8") if noted.exists() else f"{tests[0]} (ended with {code})"


def first_red_in_c(copy: Path, programs: tuple[str, ...]) -> str | None:
    """The first of these C tests that fails; None where all pass."""
    for program in programs:
        built = copy / "build-c" / program
        # Warnings are for sources without faults.
        make = ["make", "-s", "-C", str(copy / "tests" / "c"), "WARNINGS=-w", f"BUILD={built.parent}", str(built)]
        if subprocess.run(make, check=False, capture_output=True).returncode != 0:
            raise SystemExit(f"{program} does not compile")
        try:
            ended = subprocess.run([built], check=False, capture_output=True, timeout=5 * SECONDS).returncode
        except subprocess.TimeoutExpired:
            ended = -signal.SIGALRM
        if ended != 0:
            return f"tests/c/{program}.c (ended with {ended})"
    return None


def tried(all_faults: list[Fault]) -> list[tuple[Fault, str | None]]:
    """Each fault, and the test that caught it."""
    caught: list[tuple[Fault, str | None]] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        copy_project(copy)
        everything = sorted(copy.glob("csrc/*/*.c"))
        if not compiled(copy, everything):
            raise SystemExit("the core does not compile without a fault")
        names = [f"tests/{name}" for name in sorted({test for fault in all_faults for test in fault.tests})]
        c_names = tuple(sorted({test for fault in all_faults for test in fault.c_tests}))
        if (red := first_red(copy, names) or first_red_in_c(copy, c_names)) is not None:
            raise SystemExit(f"{red} is red without a fault")
        for fault in all_faults:
            path = copy / "csrc" / "core" / fault.file
            right = path.read_text(encoding="utf-8")
            path.write_text(right.replace(fault.old, fault.new), encoding="utf-8")
            mine = [path] if path.suffix == ".c" else everything
            objects = {source.with_suffix(".o"): source.with_suffix(".o").read_bytes() for source in mine}
            if not compiled(copy, mine):
                raise SystemExit(f"{fault.file}: {fault.fault}: does not compile")
            start = monotonic()
            likely = [f"tests/{name}" for name in fault.tests]
            rest = sorted(f"tests/{path.name}" for path in copy.glob("tests/test_*.py"))
            red = first_red(copy, likely) or first_red_in_c(copy, fault.c_tests) or first_red(copy, rest, 5 * SECONDS)
            print(f"{fault.file:22} {fault.fault:58} {monotonic() - start:3.0f} s  {red or 'NOT CAUGHT'}", flush=True)
            caught.append((fault, red))
            path.write_text(right, encoding="utf-8")
            for file, content in objects.items():
                file.write_bytes(content)
    return caught


def main() -> None:
    load_libraries()
    all_faults = faults()
    if wrong := misplaced(all_faults, ROOT / "csrc" / "core"):
        raise SystemExit("deliberate_faults.toml no longer fits the source:\n" + "\n".join(wrong))
    asked = set(sys.argv[1:])
    caught = tried([fault for fault in all_faults if not asked or fault.file in asked])
    missed = [fault for fault, red in caught if red is None]
    print(f"{len(caught) - len(missed)} of {len(caught)} faults caught")
    if missed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
