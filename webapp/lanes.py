"""Tours as lanes on one time axis: where each block stands, in hundredths of the axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from logistics import i18n

from . import maps
from .i18n import gettext as _
from .i18n import language, word

if TYPE_CHECKING:
    from logistics.queries import DayView, StopView, TourView


#: Seconds of waiting that are worth drawing.
LEAST_WAIT = 60
#: A stop that may be later by no more than this deserves an eye.
TIGHT_SECONDS = 600
#: Windows overlap; they are drawn in so many rows.
WINDOW_ROWS = 4


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a lane: left edge and width in percent of the axis."""

    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Block:
    """A stop on its lane, the wait before it and its window in one of a few rows; no window where the shift says it."""

    stop: StopView
    service: Span
    wait: Span | None
    window: Span | None
    row: int
    slack_seconds: int

    @property
    def pressure(self) -> str:
        """`late`, `tight`, or nothing to worry about."""
        return "late" if self.slack_seconds < 0 else "tight" if self.slack_seconds < TIGHT_SECONDS else ""


@dataclass(frozen=True, slots=True)
class Lane:
    """One tour's row."""

    tour: TourView
    shade: str
    blocks: tuple[Block, ...]
    way: Span
    off_duty: tuple[Span, Span]

    @property
    def least_slack_seconds(self) -> int | None:
        """What the most pressed stop of the tour may still be late; None without stops."""
        return min((block.slack_seconds for block in self.blocks), default=None)


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
            shade=maps.shade(tour.colour),
            blocks=tuple(_blocks(tour, span)),
            way=span(tour.start, tour.end),
            off_duty=(span(opens, tour.shift_start), span(tour.shift_end, closes)),
        )
        for tour in view.tours
    )
    count = round(whole / 3600)
    hours = tuple((f"{opens + timedelta(hours=n):%H}", round(n / count * 100, 3)) for n in range(0, count + 1))
    at = (now - opens).total_seconds() / whole * 100
    return Board(lanes, hours, round(100 / count, 4), round(at, 3) if 0 <= at <= 100 else None)


def told(board: Board) -> dict[int, str]:
    """What each block says when it is looked at, by the number of its stop, in the reader's language."""
    # A full day has a thousand blocks: the words they share are looked up once.
    speaks, window, late, spare = language(), _("window"), _("%(time)s late"), _("%(time)s to spare")
    kinds = {block.stop.kind: word(block.stop.kind, "job-kind") for lane in board.lanes for block in lane.blocks}

    def one(block: Block, mark: str) -> str:
        stop, slack = block.stop, block.slack_seconds
        opens, closes = (i18n.clock(speaks, at) for at in (stop.window_start, stop.window_end))
        room = (late if slack < 0 else spare) % {"time": i18n.duration(speaks, abs(slack))}
        return (
            f"{stop.sequence}. {stop.given_name} {stop.employee_number} · {kinds[stop.kind]}"
            f" · {mark}{i18n.clock(speaks, stop.arrival)} · {window} {opens}–{closes} · {room}"
        )

    return {
        block.stop.id: one(block, "≈ " if lane.tour.is_estimate else "")
        for lane in board.lanes
        for block in lane.blocks
    }


def _blocks(tour: TourView, span: Callable[[datetime, datetime], Span]) -> Iterator[Block]:
    """A courier who waits stands before the door; parking and climbing belong to the block."""
    for place, stop in enumerate(tour.stops):
        waits = stop.wait_s > LEAST_WAIT
        binds = stop.window_start > tour.shift_start or stop.window_end < tour.shift_end
        begins = stop.arrival + timedelta(seconds=stop.wait_s) if waits else stop.arrival
        yield Block(
            stop=stop,
            service=span(begins, stop.departure),
            wait=span(stop.arrival, begins) if waits else None,
            window=span(stop.window_start, stop.window_end) if binds else None,
            row=place % WINDOW_ROWS,
            slack_seconds=stop.slack_s,
        )
