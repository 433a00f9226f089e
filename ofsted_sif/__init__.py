"""Aggregates Ofsted's inspection judgements and computes trends over them, exactly and fast.

>>> import ofsted_sif as sif
>>> today = sif.as_at(sif.load_inspections(), "2026-08-24", framework="all", having="overall_effectiveness")
>>> int(sif.aggregate(today)["good_or_outstanding"].iloc[0])
111
"""

from typing import Any

import lazy_loader
import pandas as pd

try:
    from ofsted_sif import _core as _core
except ImportError as error:
    from importlib.util import find_spec

    if find_spec("ofsted_sif._core") is not None:  # it is there, and says itself why it does not load
        raise
    raise ImportError(
        "the compiled part of ofsted_sif is missing. If this is a checkout of its source, type `python3 -m pip install -e .` in it "
        f"first; else reinstall the package ({error})"
    ) from error

from ofsted_sif.table import frames as _frames

# The public names stand in __init__.pyi alone. Each is loaded when it is first asked for, so that the import stays light.
__getattr__, _public, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _accessor(table: Any) -> Any:
    """What ``df.sif`` is; its methods are loaded when it is first asked for."""
    from ofsted_sif.accessor import Accessor

    return Accessor(table)


pd.api.extensions.register_dataframe_accessor("sif")(_accessor)


def _scan(source: Any) -> Any:
    """Open a path, dataset, relation or Dask DataFrame; what reads by batches is loaded when it is first asked for."""
    from ofsted_sif.batches import scan

    return scan(source)


_frames.register_batches(_scan)
