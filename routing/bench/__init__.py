"""Engines against best known solutions: equal time, equal processors, every plan judged by the checker.

Engines take turns instance by instance, so that a machine that becomes slow is slow for all of them; each row is made
in a process of its own, whose processor seconds are measured with those of its children.
"""

from .loop import Wish, run
from .peers import DEFAULT_ENGINES, engine, settings_of
from .report import table
from .rows import Row, Rows
from .sets import Case, cases

__all__ = ["DEFAULT_ENGINES", "Case", "Row", "Rows", "Wish", "cases", "engine", "run", "settings_of", "table"]
