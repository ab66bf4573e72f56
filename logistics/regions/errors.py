"""What a region refuses, by name; messages name files, regions and numbers, never a home."""

from __future__ import annotations

from pathlib import Path

from ..errors import LogisticsError


class RegionError(LogisticsError):
    """Something about a region is refused; no half-built region is left behind."""

    code = "region-error"


class UnreadableExtract(RegionError):
    """The file is absent, damaged or not an OpenStreetMap extract."""

    code = "unreadable-extract"

    def __init__(self, file: Path, *, problem: str) -> None:
        self.file, self.problem = file, problem
        super().__init__(f"{file.name} cannot be read as an OpenStreetMap extract: {problem}")


class NoRoads(RegionError):
    """The extract has no road that a car could drive."""

    code = "no-roads"

    def __init__(self, file: Path, *, ways: int) -> None:
        self.file, self.ways = file, ways
        super().__init__(f"{file.name} has no connected road for cars ({ways} ways with a highway tag)")


class InvalidRegionName(RegionError):
    """A region is named with lower-case letters, digits and hyphens, at most 40, beginning with a letter."""

    code = "invalid-region-name"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r} cannot name a region: use lower-case letters, digits and hyphens, beginning with a letter"
        )


class BrokenRegion(RegionError):
    """The folder of a region lacks a file, or a file in it cannot be read; build the region again."""

    code = "broken-region"

    def __init__(self, name: str, *, problem: str) -> None:
        self.name, self.problem = name, problem
        super().__init__(f"region {name} cannot be opened ({problem}); build it again")


class BasemapFailed(RegionError):
    """The tile builder stopped with an error; the region was not built."""

    code = "basemap-failed"

    def __init__(self, *, exit_code: int, last_words: str) -> None:
        self.exit_code, self.last_words = exit_code, last_words
        super().__init__(f"the tile builder stopped with code {exit_code}: {last_words}")
