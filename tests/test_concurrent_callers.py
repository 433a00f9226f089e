"""Every function of the core called from several threads at once gives what one thread gets; ThreadSanitizer watches in CI."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from ofsted_sif import _core
from tests.support import calls
from tests.test_faults import outcome

THREADS, TIMES = 4, 3


@pytest.mark.parametrize(("name", "kind"), calls.kinds())
def test_callers_at_once_do_not_disturb_one_another(name, kind):
    function = getattr(_core, name)
    shared, _ = calls.a_call(name, kind, 5000)
    expected = outcome(function, *calls.a_call(name, kind, 5000))
    together = Barrier(THREADS)

    def caller(_):
        given = []
        for _ in range(TIMES):
            arguments, outputs = calls.a_call(name, kind, 5000)
            # The columns that are only read are the same memory for all.
            written = {id(output) for output in outputs}
            arguments = tuple(own if id(own) in written else common for own, common in zip(arguments, shared, strict=True))
            together.wait()
            given.append(outcome(function, arguments, outputs))
        return given

    with ThreadPoolExecutor(THREADS) as pool:
        for given in pool.map(caller, range(THREADS)):
            assert given == [expected] * TIMES
