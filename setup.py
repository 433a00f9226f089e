"""The C extension and its build switches; all else stands in pyproject.toml.

Switches, each an environment variable set to 1:

OFSTED_SIF_SANITIZE   AddressSanitizer and UndefinedBehaviorSanitizer
OFSTED_SIF_TSAN       ThreadSanitizer, instead of these
OFSTED_SIF_COVERAGE   gcov counters
OFSTED_SIF_FAULTS     allocations that fail when a test asks for it: see csrc/debug
OFSTED_SIF_DEBUG      no optimisation, assertions on
OFSTED_SIF_STRICT     warnings are errors
"""

import os
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup

windows = sys.platform == "win32"
free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def switched_on(name: str) -> bool:
    return os.environ.get(f"OFSTED_SIF_{name}", "0") not in ("", "0")


compile_args = ["/std:c11", "/O2"] if windows else ["-std=c11", "-O3", "-fvisibility=hidden"]
link_args: list[str] = []
macros: list[tuple[str, str | None]] = []

if switched_on("STRICT"):
    compile_args += ["/W4", "/WX"] if windows else ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
sanitizers: list[str] = []
if switched_on("SANITIZE"):
    # Python's own flags let numbers wrap, which would switch the check of overflow off.
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-wrapv"]
if switched_on("TSAN"):
    sanitizers = ["-fsanitize=thread"]
if sanitizers:
    # -O1: to optimise what the sanitizers add takes longer than the tests then save.
    compile_args += [*sanitizers, "-O1", "-fno-omit-frame-pointer", "-g"]
    link_args += sanitizers
if switched_on("COVERAGE"):
    # Counters as threads need them, and paths that can be told from those of another copy.
    compile_args += ["--coverage", "-O0", "-fprofile-update=atomic", "-fprofile-abs-path"]
    link_args += ["--coverage"]
if switched_on("DEBUG"):
    compile_args += ["-O0", "-g", "-UNDEBUG"]

# A free-threaded Python has no limited API before 3.15: there the same source makes a wheel of that version.
if not free_threaded:
    macros.append(("Py_LIMITED_API", "0x030B0000"))

folders = ["core", "python"]
if switched_on("FAULTS"):
    compile_args += ["-include", "csrc/debug/faults.h"]
    folders.append("debug")

sources = sorted(path.as_posix() for folder in folders for path in Path("csrc", folder).glob("*.c"))
headers = sorted(path.as_posix() for path in Path("csrc").rglob("*.h"))

setup(
    ext_modules=[
        Extension(
            "ofsted_sif._core",
            sources=sources,
            depends=headers,
            include_dirs=["csrc/core"],
            define_macros=macros,
            extra_compile_args=compile_args,
            extra_link_args=link_args,
            py_limited_api=not free_threaded,
        )
    ],
    options={} if free_threaded else {"bdist_wheel": {"py_limited_api": "cp311"}},
)
