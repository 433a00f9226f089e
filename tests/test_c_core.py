"""The C core alone, without Python, where there are a C compiler and make: its own tests, its libraries and their examples."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import ofsted_sif as sif

CSRC = Path(__file__).parent.parent / "csrc"
REGION, GRADE = [0, 1, 1, 0, 1, 1], [2, 3, 2, 1, -1, 2]  # as in csrc/examples/count.c


def compiler_for(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"none of {', '.join(names)} is there")
    return found


def run(*command: object, **environment: str) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=os.environ | environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def declared() -> dict[str, str]:
    """The functions of the header, each with what it takes."""
    if not CSRC.exists():
        pytest.skip("a wheel is tried, whose sources are not here")
    header = (CSRC / "core/sif.h").read_text("utf-8")
    return dict(re.findall(r"^(?:\w+ )+\*?(sif_\w+)\(([^;]*)\);", header, re.MULTILINE))


def called_in(test: str) -> set[str]:
    return set(re.findall(r"\b(sif_\w+)\(", (Path(__file__).parent / "c" / test).read_text("utf-8")))


def test_every_function_is_called_from_several_threads():
    assert declared().keys() - called_in("test_threads.c") == set()


def test_every_kernel_that_can_be_interrupted_is():
    kernels = {name for name, takes in declared().items() if "sif_interrupt_check *interrupt" in takes}
    assert {"sif_count_grades", "sif_recode"} <= kernels
    assert kernels - called_in("test_stopping.c") == set()


@pytest.mark.slow  # at each change `nox -s c` runs them, sanitized
def test_the_c_core_passes_its_own_tests_without_python(tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or shutil.which("make") is None:
        pytest.skip("no C compiler, or no make")
    command = ["make", f"-j{os.cpu_count() or 1}", "-C", str(Path(__file__).parent / "c"), "check", f"CC={compiler}", f"BUILD={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[1-9][0-9]* passed, 0 failed$", done.stdout, re.MULTILINE), done.stdout


@pytest.fixture(scope="module")
def libraries(tmp_path_factory):
    """The folder with what `make -C csrc` makes."""
    if os.name == "nt" or shutil.which("make") is None or not CSRC.exists():
        pytest.skip("no make, or no sources")
    folder = tmp_path_factory.mktemp("libraries")
    run("make", "-s", f"-j{os.cpu_count() or 1}", "-C", CSRC, f"BUILD={folder}", f"CC={compiler_for('cc', 'gcc', 'clang')}", "CFLAGS=-O0")
    return folder


def flags(folder: Path, *fields: str) -> list[str]:
    """What the .pc file says to a compiler."""
    lines = dict(line.split(": ", 1) for line in (folder / "sif.pc").read_text("utf-8").splitlines())
    return " ".join(lines[field] for field in fields).split()


def test_a_program_in_c_counts_with_the_static_library_what_python_counts(libraries, tmp_path):
    program = tmp_path / "count"
    strict = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", *flags(libraries, "Cflags")]
    run(compiler_for("cc", "gcc", "clang"), *strict, CSRC / "examples/count.c", libraries / "libsif.a", "-lm", "-o", program)
    counts = sif.counts.count_grades(np.array(REGION, np.int8), np.array(GRADE, np.int8), n_groups=2)
    said = [[int(number) for number in re.findall(r"\d+", line)] for line in run(program).splitlines()]
    assert said == [[*row[3::-1], row[4]] for row in counts[:2].tolist()]


def test_a_program_in_cpp_counts_with_the_shared_library_what_python_counts(libraries, tmp_path):
    program = tmp_path / "as_at"
    strict = ["-std=c++11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-pedantic"]
    said = flags(libraries, "Cflags", "Libs", "Libs.private")
    run(compiler_for("c++", "g++", "clang++"), *strict, CSRC / "examples/as_at.cpp", *said, "-o", program)
    where = {"LD_LIBRARY_PATH": str(libraries), "DYLD_LIBRARY_PATH": str(libraries)}
    assert run(program, **where).splitlines() == [f"sif {sif.__version__}", "day 150: 0 1 1 0 0", "day 400: 0 0 1 1 0"]


def test_the_shared_library_shows_what_the_header_declares_and_nothing_else(libraries):
    (library,) = [path for path in libraries.iterdir() if path.name in ("libsif.so", "libsif.dylib")]
    if shutil.which("nm") is None or library.suffix != ".so":
        pytest.skip("no nm, or a Mac, whose nm says it in another way")
    shown = {line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()}
    assert shown == set(declared())


def test_the_header_has_the_version_of_the_package():
    if not CSRC.exists():
        pytest.skip("a wheel is tried, whose sources are not here")
    header = (CSRC / "core/sif.h").read_text("utf-8")
    assert re.search(r'^#define SIF_VERSION "(.+)"$', header, re.MULTILINE)[1] == sif.__version__
    numbers = [re.search(rf"^#define SIF_VERSION_{part} (\d+)$", header, re.MULTILINE)[1] for part in ("MAJOR", "MINOR", "PATCH")]
    assert ".".join(numbers) == re.match(r"\d+\.\d+\.\d+", sif.__version__)[0]


def test_no_two_files_of_the_core_give_one_name_to_two_things(tmp_path):
    if not CSRC.exists():
        pytest.skip("a wheel is tried, whose sources are not here")
    whole = tmp_path / "whole.c"
    whole.write_text("".join(f'#include "{path}"\n' for path in sorted((CSRC / "core").glob("*.c"))), encoding="utf-8")
    named = ["-std=c11", "-D_DEFAULT_SOURCE=1", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function"]
    run(compiler_for("cc", "gcc", "clang"), *named, "-I", CSRC / "core", whole)
