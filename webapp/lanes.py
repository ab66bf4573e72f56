"""Tours as lanes on one time axis: where each block stands, in hundredths of the axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from . import maps

if TYPE_CHECKING:
    from logistics.queries import DayView, StopView, TourView


#: Seconds of waiting that are worth drawing.
LEAST_WAIT = 60


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a lane: left edge and width in percent of the axis."""

    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Block:
    """A stop on its lane, with the drive to it, the wait before it and its window over it."""

    stop: StopView
    service: Span
    drive: Span
    wait: Span | None
    window: Span
    slack_seconds: int


@dataclass(frozen=True, slots=True)
class Lane:
    """One tour's row."""

    tour: TourView
    colour: str
    blocks: tuple[Block, ...]
    way_home: Span
    shift: Span


@dataclass(frozen=True, slots=True)
class Board:
    """All lanes with the hours of the axis and, today, where now is."""

    lanes: tuple[Lane, ...]
    hours: tuple[tuple[str, float], ...]
    hour_width: float
    now: float | None


def board(view: DayView, *, now: datetime) -> Board | None:
    """The lanes of a day; None without tours."""
    if not view.tours:
        return None
    opens = min(min(tour.start, tour.shift_start) for tour in view.tours).replace(minute=0, second=0, microsecond=0)
    closes = max(max(tour.end, tour.shift_end) for tour in view.tours)
    if closes.minute or closes.second:
        closes = closes.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    whole = (closes - opens).total_seconds()

    def span(start: datetime, end: datetime) -> Span:
        left = max(0.0, (start - opens).total_seconds() / whole * 100)
        right = min(100.0, (end - opens).total_seconds() / whole * 100)
        return Span(round(left, 3), round(max(0.0, right - left), 3))

    lanes = tuple(
        Lane(
            tour=tour,
            colour=maps.colour(tour.colour),
            blocks=tuple(_blocks(tour, span)),
            way_home=span(tour.stops[-1].departure if tour.stops else tour.start, tour.end),
            shift=span(tour.shift_start, tour.shift_end),
        )
        for tour in view.tours
    )
    count = round(whole / 3600)
    hours = tuple((f"{opens + timedelta(hours=n):%H}", round(n / count * 100, 3)) for n in range(0, count + 1))
    at = (now - opens).total_seconds() / whole * 100
    return Board(lanes, hours, round(100 / count, 4), round(at, 3) if 0 <= at <= 100 else None)


def _blocks(tour: TourView, span: Callable[[datetime, datetime], Span]) -> Iterator[Block]:
    """A courier who waits stands before the door; parking and climbing belong to the block."""
    left = tour.start
    for stop in tour.stops:
        waits = stop.wait_s > LEAST_WAIT
        begins = stop.arrival + timedelta(seconds=stop.wait_s) if waits else stop.arrival
        yield Block(
            stop=stop,
            service=span(begins, stop.departure),
            drive=span(left, stop.arrival),
            wait=span(stop.arrival, begins) if waits else None,
            window=span(stop.window_start, stop.window_end),
            slack_seconds=stop.slack_s,
        )
        left = stop.departure
