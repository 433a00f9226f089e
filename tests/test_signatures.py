"""Each signature of a kernel is written once: what is generated from it is up to date, and the kernels obey it."""

import importlib.util
import inspect
import sys
from pathlib import Path

import pytest

from ofsted_sif import _core

SCRIPT = Path(__file__).parent.parent / "csrc" / "python" / "signatures.py"
_specification = importlib.util.spec_from_file_location("signatures", SCRIPT)
signatures = importlib.util.module_from_spec(_specification)
sys.modules["signatures"] = signatures  # where its dataclasses look for their names
_specification.loader.exec_module(signatures)

KERNELS = {kernel.name: kernel for kernel in signatures.kernels()}


@pytest.mark.parametrize("path", signatures.generated(), ids=lambda path: path.name)
def test_what_is_written_from_the_table_of_signatures_is_not_stale(path):
    said = "python3 csrc/python/signatures.py writes it anew"
    if not path.exists():
        pytest.skip("a wheel is tried, whose sources are not here")
    assert path.read_text("utf-8") == signatures.generated()[path], f"{path.name} is stale; {said}"


def test_the_table_has_every_kernel_and_no_other():
    assert set(KERNELS) == {name for name, value in vars(_core).items() if inspect.isbuiltin(value)}


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_takes_as_many_arguments_as_the_table_has(name):
    kernel = KERNELS[name]
    with pytest.raises(TypeError, match=f"^{name} takes {kernel.least} to {len(kernel.arguments)} arguments, not 0$"):
        getattr(_core, name)()


@pytest.mark.parametrize("name", KERNELS)
def test_the_help_of_a_kernel_has_the_names_of_its_arguments(name):
    assert list(inspect.signature(getattr(_core, name)).parameters) == [argument.name for argument in KERNELS[name].arguments]
    assert getattr(_core, name).__doc__ == KERNELS[name].does


@pytest.mark.parametrize("text", ["groups", "groups: code", "groups: codes = 0", "groups codes", "groups: codes??"])
def test_what_is_no_argument_is_named(text):
    with pytest.raises(ValueError, match=r"^signatures\.toml: '"):
        signatures.Argument.read(text)
