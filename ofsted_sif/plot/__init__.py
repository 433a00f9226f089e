"""Pictures of what the table functions return; they draw and compute nothing.

Each takes ``ax=`` and returns the axes. Grades have the same colours everywhere: the worse, the darker (`palette`).
"""

from ofsted_sif.plot.bars import forest, shares
from ofsted_sif.plot.canvas import describe
from ofsted_sif.plot.flows import changes
from ofsted_sif.plot.funnels import funnel
from ofsted_sif.plot.futures import states
from ofsted_sif.plot.maps import hex_map
from ofsted_sif.plot.timelines import history, series
from ofsted_sif.plot.waiting import survival
from ofsted_sif.plot.waterfalls import decomposition

__all__ = ["changes", "decomposition", "describe", "forest", "funnel", "hex_map", "history", "series", "shares", "states", "survival"]
