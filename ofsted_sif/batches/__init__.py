"""Tables larger than memory: read and counted batch by batch.

`partials` counts a piece and puts pieces together, `files` reads, `clusters` has Dask count, `scanning` is what users call.
"""

from ofsted_sif.batches.scanning import Scan, scan

__all__ = ["Scan", "scan"]
