"""Memory that runs out at any one place: the call says MemoryError, gives all back, and the next is right."""

import ctypes
import sys

import numpy as np
import pytest

from ofsted_sif import _core
from tests.support import calls

ROWS = 8000  # enough for every table that kernels allocate for many rows alone


@pytest.fixture(scope="module")
def hook():
    """The allocators of csrc/debug: (function, arguments, n) is called while allocation n fails, and told how many there were."""
    library = ctypes.PyDLL(_core.__file__)
    if not hasattr(library, "sif_faults_call"):
        pytest.skip("allocations fail on request only in a build with OFSTED_SIF_FAULTS=1")
    library.sif_faults_call.restype = ctypes.py_object
    library.sif_faults_call.argtypes = [ctypes.py_object, ctypes.py_object, ctypes.c_longlong, ctypes.POINTER(ctypes.c_longlong)]
    library.sif_faults_held.restype = ctypes.c_longlong
    return library


@pytest.fixture(scope="module")
def tally(request):
    """How many allocations have failed, told at the end."""
    injected: dict[str, int] = {}
    yield injected
    if injected:
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{sum(injected.values()):,} faults injected into {len(injected)} functions")


def outcome(function, arguments, outputs):
    """What a call gave: its result and what it wrote, or its error."""
    try:
        result = function(*arguments)
    except ValueError as error:
        result = (type(error), str(error), vars(error))
    return repr(result), [output.tobytes() for output in outputs]


def held_by(arguments):
    return [sys.getrefcount(argument) for argument in arguments if isinstance(argument, np.ndarray)]


def fail_at(hook, function, arguments, n):
    """Call with allocation n failing. Returns whether there was such an allocation."""
    seen = ctypes.c_longlong()
    try:
        hook.sif_faults_call(function, arguments, n, ctypes.byref(seen))
    except MemoryError:
        assert seen.value >= n, "MemoryError though no allocation failed"
        return True
    except ValueError:  # what a call with bad input says
        pass
    assert seen.value < n, f"allocation {n} failed and nobody noticed"
    return False


def test_every_function_of_the_core_is_called_here():
    assert sorted(calls.KINDS) == calls.functions()


@pytest.mark.parametrize(("name", "kind"), calls.kinds())
def test_the_calls_do_what_their_names_say(name, kind):
    arguments, outputs = calls.a_call(name, kind, ROWS)
    result, _ = outcome(getattr(_core, name), arguments, outputs)
    assert ("ValueError" in result) is not calls.succeeds(kind), result


@pytest.mark.parametrize(("name", "kind"), calls.kinds())
def test_each_allocation_may_fail(name, kind, hook, tally):
    function = getattr(_core, name)
    arguments, outputs = calls.a_call(name, kind, ROWS)
    expected = outcome(function, arguments, outputs)
    n = 1
    while True:
        arguments, outputs = calls.a_call(name, kind, ROWS)
        references = held_by(arguments)
        if not fail_at(hook, function, arguments, n):
            break
        assert hook.sif_faults_held() == 0, f"the kernel kept memory when allocation {n} failed"
        assert held_by(arguments) == references, f"an argument was kept when allocation {n} failed"
        for output, at_first in zip(outputs, calls.a_call(name, kind, ROWS)[1], strict=True):
            output[...] = at_first  # not zeros for every kernel
        assert outcome(function, arguments, outputs) == expected, f"the call after the failure of allocation {n} is wrong"
        n += 1
    assert hook.sif_faults_held() == 0
    assert n > 1, "nothing was allocated: the hook is not in place"
    tally[name] = tally.get(name, 0) + n - 1


@pytest.mark.parametrize(("name", "kind"), calls.kinds())
def test_python_s_own_memory_is_given_back(name, kind, hook):
    function = getattr(_core, name)
    arguments, _ = calls.a_call(name, kind, 50)
    n = 1
    while fail_at(hook, function, arguments, n):
        for _ in range(3):
            fail_at(hook, function, arguments, n)
        before = sys.getallocatedblocks()
        for _ in range(20):
            fail_at(hook, function, arguments, n)
        assert sys.getallocatedblocks() - before < 20, f"a block was lost each time that allocation {n} failed"
        n += 1
