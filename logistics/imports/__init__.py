"""Data in: CSV files of sites, products, stock, assets, employees, vans, orders and users."""

from __future__ import annotations

from .columns import COLUMNS
from .report import FileRefused, ImportReport, RowProblem
from .run import import_file

#: Kinds of file, in the order in which a company would bring them in.
KINDS = tuple(COLUMNS)

__all__ = ["COLUMNS", "KINDS", "FileRefused", "ImportReport", "RowProblem", "import_file"]
