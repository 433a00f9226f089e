"""Pictures of what the table functions return; they draw and compute nothing.

Each takes ``ax=`` and returns the axes. Grades have the same colours everywhere: the worse, the darker (`palette`).
"""

from ofsted_sif.plot.bars import forest, shares

__all__ = ["forest", "shares"]
