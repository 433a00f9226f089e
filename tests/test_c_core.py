"""The C tests of the core, which need no Python, where there are a C compiler and make."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest


def test_the_c_core_passes_its_own_tests_without_python(tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or shutil.which("make") is None:
        pytest.skip("no C compiler, or no make")
    command = ["make", f"-j{os.cpu_count() or 1}", "-C", str(Path(__file__).parent / "c"), "check", f"CC={compiler}", f"BUILD={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[1-9][0-9]* passed, 0 failed$", done.stdout, re.MULTILINE), done.stdout
