"""Builds a region from an extract: road graph, address index and map, all of it or nothing."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import basemap, extract, graph, streets
from .communes import Places
from .errors import UnreadableExtract
from .region import (
    BASEMAP,
    GAZETTEER,
    GRAPH,
    SNAP_LIMIT_METRES,
    TRAVEL_FACTOR,
    Facts,
    Region,
    check_name,
    open_region,
    write_facts,
)
from .travel import BIKE, CAR

#: Told before each step: its name, how many are done, how many there are.
Progress = Callable[[str, int, int], None]
STEPS = ("read", "graph", "gazetteer", "basemap", "finish")


def build_region(
    pbf: Path,
    name: str,
    folder: Path,
    *,
    progress: Progress | None = None,
    travel_factor: float = TRAVEL_FACTOR,
    snap_limit_metres: int = SNAP_LIMIT_METRES,
) -> Region:
    """Build a region from an OpenStreetMap extract.

    Everything is made in a folder beside `folder` that takes its place when it is complete: an older region of the
    same name stays in use until then, and killing the process leaves it as it was.

    Args:
        pbf: the extract, a .osm.pbf file.
        name: of the region: lower-case letters, digits, hyphens.
        folder: where the region will lie; its last part is the name.
        progress: told the step, how many steps are done and how many there are.
        travel_factor: what seconds at free flow are multiplied by.
        snap_limit_metres: how far from a road a point may lie.

    Raises:
        InvalidRegionName, UnreadableExtract, NoRoads, BasemapFailed: nothing was built.
    """
    check_name(name)
    began = time.monotonic()
    folder.parent.mkdir(parents=True, exist_ok=True)
    _recover(folder)
    making = folder.parent / f".{folder.name}.making-{os.getpid()}"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    try:
        _tell(progress, 0)
        read = extract.read(pbf)
        places = Places(read)
        with ThreadPoolExecutor(1) as beside:
            # The map is drawn by another program: the other processor has it while this one goes on.
            drawn = beside.submit(basemap.build, read, places, making / BASEMAP, name=name)
            _tell(progress, 1)
            roads = graph.build(read)
            roads.save(making / GRAPH)
            _tell(progress, 2)
            counts = dict(streets.build(read, places, making / GAZETTEER))
            _tell(progress, 3)
            counts["features"] = drawn.result()
        _tell(progress, 4)
        counts |= {
            "junctions": roads.junctions,
            "pieces": len(roads.start),
            "car_metres": round(float(roads.metres[roads.open_to(CAR)].sum())),
            "bike_metres": round(float(roads.metres[roads.open_to(BIKE)].sum())),
        }
        facts = Facts(
            name=name,
            box=read.box,
            counts=counts,
            source_file=pbf.name,
            source_sha256=checksum(pbf),
            data_date=read.data_date,
            built_seconds=round(time.monotonic() - began, 1),
            travel_factor=travel_factor,
            snap_limit_metres=snap_limit_metres,
        )
        write_facts(making, facts)
        _take_place(making, folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    if progress is not None:
        progress("done", len(STEPS), len(STEPS))
    return open_region(folder)


def checksum(file: Path) -> str:
    """SHA-256 of a file, hexadecimal.

    Raises:
        UnreadableExtract: the file cannot be read.
    """
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableExtract(file, problem=error.strerror or "it cannot be opened") from error


def _tell(progress: Progress | None, done: int) -> None:
    if progress is not None:
        progress(STEPS[done], done, len(STEPS))


def _take_place(making: Path, folder: Path) -> None:
    """Move the new folder to its place; between the two moves only the old name is missing, see `_recover`."""
    former = folder.parent / f".{folder.name}.former"
    if folder.exists():
        shutil.rmtree(former, ignore_errors=True)
        folder.rename(former)
    making.rename(folder)
    shutil.rmtree(former, ignore_errors=True)


def _recover(folder: Path) -> None:
    """Undo what a killed build left: put a former region back, throw half-made ones away."""
    former = folder.parent / f".{folder.name}.former"
    if former.is_dir():
        if folder.exists():
            shutil.rmtree(former, ignore_errors=True)
        else:
            former.rename(folder)
    for left in folder.parent.glob(f".{folder.name}.making-*"):
        owner = re.fullmatch(r".*-(\d+)", left.name)
        if owner is None or not _is_running(int(owner[1])):
            shutil.rmtree(left, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
