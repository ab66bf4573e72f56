"""Processor seconds of this process and everything it started."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")


def spent() -> float:
    """User and system seconds of this process, of its children that ended, and of those that live (where /proc is)."""
    mine = os.times()
    return mine.user + mine.system + mine.children_user + mine.children_system + _living()


def _living() -> float:
    if not (PROC / "self" / "stat").exists():
        return 0.0
    ticks = os.sysconf("SC_CLK_TCK")
    parents, used = {}, {}
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # Behind the name in brackets, which may hold anything: state, parent, ..., user, system, children's.
            facts = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(facts[1])
        used[int(folder.name)] = sum(int(fact) for fact in facts[11:15]) / ticks
    return sum(seconds for process, seconds in used.items() if _descends(process, parents))


def _descends(process: int, parents: dict[int, int]) -> bool:
    me = os.getpid()
    while process in parents:
        process = parents[process]
        if process == me:
            return True
    return False
