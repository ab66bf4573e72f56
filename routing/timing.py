"""The clock of one tour: from a departure forward through legs, waits, pauses and reloads, as early as possible.

Pauses are taken while waiting where there is room, else as late as their windows and the work rule allow: a later one
has more chances to fall into a wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .matrix import UNREACHABLE
from .model import Break, Job, Pause, Problem, Reload, Stop, Vehicle, Window


@dataclass(frozen=True, slots=True)
class Broken:
    """The first rule an order of jobs breaks, where, and by how much (seconds, metres, stops or units of load)."""

    rule: str
    job: str | None
    excess: int = 0
    dimension: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """When a service or a reload began, the waiting before it, the latest moment it might have begun, and what a second
    later would cost."""

    begin: int
    waited: int
    latest: int
    second_price: int


@dataclass(frozen=True, slots=True)
class Passed:
    """One walk through a tour; loads are not filled in yet."""

    departure: int
    arrival: int
    stops: tuple[Stop, ...]
    reloads: tuple[Reload, ...]
    pauses: tuple[Pause, ...]
    return_seconds: int
    return_metres: int
    turns: tuple[Turn, ...]


class Clock:
    """What a walk through these trips needs to know of problem and vehicle."""

    def __init__(self, problem: Problem, vehicle: Vehicle, trips: Sequence[Sequence[Job]]) -> None:
        matrix = problem.matrices[vehicle.profile]
        self.seconds, self.metres, self.periods = matrix.seconds, matrix.metres, problem.periods
        self.vehicle, self.trips = vehicle, trips
        self.releases = [max((job.release for job in trip if job.release is not None), default=None) for trip in trips]
        opens = vehicle.shift.opens
        self.earliest = opens if self.releases[0] is None else max(opens, self.releases[0])

    def leg(self, start: int, end: int, leave: int) -> tuple[int, int]:
        """Seconds and metres of a leg that begins at that moment; seconds of `UNREACHABLE` where no road leads."""
        seconds = int(self.seconds[start, end])
        if self.periods and seconds < UNREACHABLE:
            percent = 100
            for period in self.periods:
                if period.opens > leave:
                    break
                percent = period.percent
            seconds = -(-seconds * percent // 100)
        return seconds, int(self.metres[start, end])


@dataclass(slots=True)
class _State:
    now: int
    place: int
    #: Where the present stretch of work began.
    since: int
    pending: list[Break]
    free: bool
    stops: list[Stop] = field(default_factory=list)
    reloads: list[Reload] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)


@dataclass(slots=True)
class _Gap:
    """Between leaving one place and beginning at the next; pauses push the arrival or the beginning back."""

    left: int
    drive: int
    setup: int
    arrival: int
    #: When the setup is done and the pauses at the door are over.
    ready: int
    #: Where the last pause of this gap ended.
    free_from: int

    def take(self, start: int, seconds: int) -> None:
        """A pause from that moment."""
        if start <= self.arrival:
            self.arrival += seconds
            self.ready = self.arrival + self.setup
        else:
            self.ready = max(self.ready + seconds, start + seconds)
        self.free_from = start + seconds


def walk(clock: Clock, leave: int) -> Passed | Broken:
    """Everything as early as possible from this departure; the first rule of time that breaks, if one does.

    Pauses that only the work rule asks for are sought in waits when the tour turns out to be longer than a stretch.
    """
    passed = _walk(clock, leave, free=False)
    rule = clock.vehicle.rule
    if rule is None or (isinstance(passed, Passed) and passed.arrival - passed.departure <= rule.work_seconds):
        return passed
    relaxed = _walk(clock, leave, free=True)
    if isinstance(relaxed, Broken) or (isinstance(passed, Passed) and passed.arrival <= relaxed.arrival):
        return passed
    return relaxed


def _walk(clock: Clock, leave: int, *, free: bool) -> Passed | Broken:
    vehicle = clock.vehicle
    pending = [pause for pause in vehicle.breaks if pause.always or leave <= pause.window.closes]
    state = _State(leave, vehicle.start, leave, pending, free)
    for number, trip in enumerate(clock.trips):
        if number:
            broken = _reload(clock, state, clock.releases[number])
            if broken is not None:
                return broken
        for place, job in enumerate(trip):
            broken = _serve(clock, state, job, first=place == 0)
            if broken is not None:
                return broken
    return _return(clock, state, leave)


def _serve(clock: Clock, state: _State, job: Job, *, first: bool) -> Broken | None:
    drive, metres = clock.leg(state.place, job.place, state.now)
    if drive >= UNREACHABLE:
        return Broken("road", job.id)
    setup = job.setup_seconds if first or job.place != state.place else 0
    gap = _Gap(state.now, drive, setup, state.now + drive, state.now + drive + setup, state.now)
    begun = _begin(clock, state, gap, job.windows, job.service_seconds, job.id)
    if isinstance(begun, Broken):
        return begun
    begin, latest = begun
    if job.due is not None and job.late_second_cost:
        latest = min(latest, max(begin, job.due))
    state.turns.append(Turn(begin, begin - gap.ready, latest, job.second_price if begin >= 0 else 0))
    state.stops.append(Stop(job.id, gap.arrival, begin, begin + job.service_seconds, drive, metres, ()))
    state.now, state.place = begin + job.service_seconds, job.place
    return None


def _reload(clock: Clock, state: _State, release: int | None) -> Broken | None:
    vehicle = clock.vehicle
    drive, metres = clock.leg(state.place, vehicle.start, state.now)
    if drive >= UNREACHABLE:
        return Broken("road", None)
    gap = _Gap(state.now, drive, 0, state.now + drive, state.now + drive, state.now)
    begun = _begin(clock, state, gap, (vehicle.shift,), vehicle.reload_seconds, None)
    if isinstance(begun, Broken):
        return begun if begun.rule != "window" else Broken("shift", None, begun.excess)
    begin, latest = begun
    ready = begin + vehicle.reload_seconds
    departure = max(ready, ready if release is None else release)
    state.turns.append(Turn(begin, begin - gap.ready + departure - ready, latest + departure - ready, 0))
    state.reloads.append(Reload(len(state.stops), gap.arrival, departure, drive, metres, ()))
    state.now, state.place = departure, vehicle.start
    return None


def _begin(
    clock: Clock, state: _State, gap: _Gap, windows: tuple[Window, ...], service: int, job: str | None
) -> tuple[int, int] | Broken:
    """When the service may begin and the end of the window it begins in; pauses taken in the gap push it back."""
    while True:
        window = next((window for window in windows if window.closes >= gap.ready), None)
        if window is None:
            return Broken("window", job, gap.ready - windows[-1].closes)
        begin = max(gap.ready, window.opens)
        taken = _fixed_pause(clock, state, gap, begin, service) or _rule_pause(clock, state, gap, begin, service)
        if taken is None:
            return begin, window.closes
        if isinstance(taken, Broken):
            return Broken(taken.rule, job, taken.excess)


def _fixed_pause(clock: Clock, state: _State, gap: _Gap, begin: int, service: int) -> Pause | Broken | None:
    """The next break of the vehicle, where it must be held before this service or fits into the wait."""
    if not state.pending:
        return None
    pause = state.pending[0]
    start = max(pause.window.opens, gap.free_from)
    must = begin + service > pause.window.closes
    fits = start <= pause.window.closes and max(start, gap.ready) + pause.seconds <= begin
    if not must and not fits:
        return None
    if start > pause.window.closes:
        return Broken("break", None, start - pause.window.closes)
    # In a wait the pause is held at the door; where it must be held, before the drive.
    start = min(max(start, gap.ready), pause.window.closes) if fits else start
    return _rest_before(clock, state, gap, start) or _hold(state, gap, start, pause)


def _hold(state: _State, gap: _Gap, start: int, pause: Break) -> Pause:
    gap.take(start, pause.seconds)
    held = Pause(len(state.stops), start, start + pause.seconds, pause.id)
    state.pauses.append(held)
    state.pending.remove(pause)
    return held


def _pause_at_home(clock: Clock, state: _State, gap: _Gap) -> Pause | Broken | None:
    """The next pause before the return: each may push the return behind the window of another break."""
    pause = _due_at_home(state, gap)
    if pause is None:
        return _rule_pause(clock, state, gap, gap.ready, 0)
    start = max(pause.window.opens, gap.free_from)
    if start > pause.window.closes:
        return Broken("break", None, start - pause.window.closes)
    return _rest_before(clock, state, gap, start) or _hold(state, gap, start, pause)


def _due_at_home(state: _State, gap: _Gap) -> Break | None:
    """The first break that must be held before the return: always, or because the tour goes on after its window."""
    back = gap.ready
    for pause in state.pending:
        if pause.always:
            back = max(back, pause.window.opens) + pause.seconds
    return next((pause for pause in state.pending if pause.always or back > pause.window.closes), None)


def _rest_before(clock: Clock, state: _State, gap: _Gap, start: int) -> Pause | Broken | None:
    """The pause the work rule asks for before a break that begins then, where the stretch would be too long."""
    rule = clock.vehicle.rule
    return (
        None
        if rule is None or start <= _stretch(clock, state) + rule.work_seconds
        else _rule_pause(clock, state, gap, start, 0)
    )


def _rule_pause(clock: Clock, state: _State, gap: _Gap, begin: int, service: int) -> Pause | Broken | None:
    """A pause for the work rule, where the stretch would else be too long or where the wait holds one for nothing."""
    rule = clock.vehicle.rule
    if rule is None:
        return None
    since = _stretch(clock, state)
    until = since + rule.work_seconds
    must = begin + service > until
    if service > rule.work_seconds:
        return Broken("work-rule", None, service - rule.work_seconds)
    if not must:
        fits = state.free and begin - rule.break_seconds >= gap.ready and since < gap.left
        if not fits:
            return None
    start = min(max(gap.ready, begin - rule.break_seconds), until)
    if start < gap.free_from:
        return Broken("work-rule", None, gap.free_from - start)
    gap.take(start, rule.break_seconds)
    held = Pause(len(state.stops), start, start + rule.break_seconds)
    state.pauses.append(held)
    return held


def _stretch(clock: Clock, state: _State) -> int:
    """Where the present stretch of work began: the departure, or the end of the last pause that was long enough."""
    rule = clock.vehicle.rule
    for held in reversed(state.pauses):
        if rule is not None and held.end - held.start >= rule.break_seconds:
            return held.end
    return state.since


def _return(clock: Clock, state: _State, leave: int) -> Passed | Broken:
    vehicle = clock.vehicle
    drive, metres = (0, 0) if vehicle.end is None else clock.leg(state.place, vehicle.end, state.now)
    if drive >= UNREACHABLE:
        return Broken("road", None)
    gap = _Gap(state.now, drive, 0, state.now + drive, state.now + drive, state.now)
    while (taken := _pause_at_home(clock, state, gap)) is not None:
        if isinstance(taken, Broken):
            return taken
    if gap.ready > vehicle.shift.closes:
        return Broken("shift", None, gap.ready - vehicle.shift.closes)
    return Passed(
        leave, gap.ready, tuple(state.stops), tuple(state.reloads), tuple(state.pauses), drive, metres,
        tuple(state.turns),
    )  # fmt: skip
