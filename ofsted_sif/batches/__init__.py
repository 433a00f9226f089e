"""Tables larger than memory: read and counted batch by batch.

`files` reads, `clusters` has Dask count, `opening` and `scanning` are what users call. How a piece is counted and the whole finished
stands beside each function of a table, as its question.
"""

from ofsted_sif.batches.opening import scan
from ofsted_sif.batches.scanning import Scan

__all__ = ["Scan", "scan"]
