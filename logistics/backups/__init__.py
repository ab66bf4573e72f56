"""Backup and restore: the whole installation in one file, the same format for SQLite and for PostgreSQL."""

from __future__ import annotations

from .archive import FORMAT, Manifest, Member, check
from .errors import ArchiveRefused, BackupFailed, BooksDoNotAddUp, DatabaseNotEmpty, FileThere
from .making import Made, back_up
from .restoring import Restored, restore

__all__ = [
    "FORMAT", "ArchiveRefused", "BackupFailed", "BooksDoNotAddUp", "DatabaseNotEmpty", "FileThere", "Made", "Manifest",
    "Member", "Restored", "back_up", "check", "restore",
]  # fmt: skip
