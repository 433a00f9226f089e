"""The kernels on NumPy arrays: plain arrays in, plain arrays out.

A *code* is the position of a value in a list of labels: a grade in its scale (0 is the worst), a group or a provider in its
dictionary; -1 is missing. Codes may be of any integer width, signed or unsigned. Contiguous arrays go to C as they are; others are
copied once. Where `count_grades` takes codes it also takes them as Arrow has them: a tuple (codes, validity bitmap or None, offset in
bits), or a list of such tuples, one per chunk. A *day* is a ``datetime64`` or an int64 number of days since 1970-01-01.
"""

from ofsted_sif.counts.arguments import NO_DAY
from ofsted_sif.counts.bootstrap import resample_counts
from ofsted_sif.counts.counting import count_grades
from ofsted_sif.counts.encoding import encode
from ofsted_sif.counts.encoding import is_text as is_text
from ofsted_sif.counts.encoding import letters_at_ends as letters_at_ends
from ofsted_sif.counts.encoding import objects_together as objects_together
from ofsted_sif.counts.encoding import text_codes as text_codes
from ofsted_sif.counts.encoding import text_labels as text_labels
from ofsted_sif.counts.histories import Changes, changes_as_at, count_as_at, count_transitions, latest_as_at, order_records, spells
from ofsted_sif.counts.histories import near_pairs as near_pairs
from ofsted_sif.counts.texts import count_texts as count_texts
from ofsted_sif.counts.threads import check_memory as check_memory
from ofsted_sif.counts.threads import number_of_threads as number_of_threads
from ofsted_sif.counts.threads import usable_cores as usable_cores
from ofsted_sif.counts.trends import ClusterSums, Kendall, kendall, kendall_clusters, kendall_exact, kendall_of_counts, theil_sen
from ofsted_sif.counts.trends import kendall_of_clusters as kendall_of_clusters

__all__ = [
    "NO_DAY",
    "Changes",
    "ClusterSums",
    "Kendall",
    "changes_as_at",
    "count_as_at",
    "count_grades",
    "count_transitions",
    "encode",
    "kendall",
    "kendall_clusters",
    "kendall_exact",
    "kendall_of_counts",
    "latest_as_at",
    "order_records",
    "resample_counts",
    "spells",
    "theil_sen",
]


def __dir__() -> list[str]:
    return sorted(__all__)
