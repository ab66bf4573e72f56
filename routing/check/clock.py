"""Time and road: follows a tour with a clock and the matrix in hand.

When the tour and its trips leave, when services begin and when pauses are held is the plan's to decide; arrivals and
departures follow from that and are compared with what the plan states.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from ..model import UNREACHABLE, Job, Pause, Problem, Reload, Stop
from .reading import Reading
from .violation import Violation


class Clock:
    """One tour followed from its departure to its return.

    Attributes:
        found: what is wrong with its times, legs and pauses.
        arrival: when it is really back.
        metres, driving: over all its legs.
    """

    def __init__(self, problem: Problem, reading: Reading) -> None:
        self.found: list[Violation] = []
        self.metres = self.driving = 0
        self._reading, self._vehicle, self._tour = reading, reading.vehicle, reading.tour
        self._matrix = problem.matrices[reading.vehicle.profile]
        self._period_begins = [period.opens for period in problem.periods]
        self._percents = [100, *(period.percent for period in problem.periods)]
        self._pauses = self._pauses_by_gap()
        self.arrival = self._follow()
        self._judge_shift()
        self._judge_releases()
        self._judge_breaks()
        self._judge_work()

    def _wrong(self, rule: str, excess: int, job: str | None = None, what: str = "") -> None:
        self.found.append(Violation(rule, self._vehicle.id, job, excess, what))

    def _follow(self) -> int:
        """Go from stop to stop; when the vehicle is back."""
        place, now = self._vehicle.start, self._tour.departure
        for number, (job, stop) in enumerate(zip(self._reading.jobs, self._tour.stops, strict=True)):
            pauses = self._pauses.get(number, [])
            self._judge_not_before(now, pauses)
            turn = self._reading.turns.get(number)
            stood_there = number > 0 and turn is None and place == job.place
            if turn is not None:
                now, pauses = self._load_again(turn, place, now, pauses)
                place = self._vehicle.start
            came, pauses = self._drive((place, job.place), now, pauses, stop, job.id)
            self._judge_service(job, stop, came + (0 if stood_there else job.setup_seconds), pauses)
            place, now = job.place, stop.service_start + job.service_seconds
        return self._go_home(place, now, self._pauses.get(len(self._tour.stops), []))

    def _leg(self, way: tuple[int, int], leaves: int, stated: int, job: str | None) -> tuple[int, int]:
        """Seconds and metres; the seconds are as stated where no road leads, which is named by itself."""
        seconds, metres = self._matrix.seconds.item(way), self._matrix.metres.item(way)
        if seconds >= UNREACHABLE:
            self._wrong("road", 1, job)
            seconds = stated
        else:
            percent = self._percents[bisect_right(self._period_begins, leaves)]
            seconds = (seconds * percent + 99) // 100
        self.metres += metres
        self.driving += seconds
        return seconds, metres

    def _drive(
        self, way: tuple[int, int], leaves: int, pauses: list[Pause], stated: Stop | Reload, job: str | None
    ) -> tuple[int, list[Pause]]:
        """When the leg is over, and the pauses that are left for later."""
        seconds, metres = self._leg(way, leaves, stated.drive_seconds, job)
        came, left = _with_pauses(leaves + seconds, pauses, stated.arrival)
        for what, excess in (
            ("drive_seconds", stated.drive_seconds - seconds),
            ("drive_metres", stated.drive_metres - metres),
            ("arrival", stated.arrival - came),
        ):
            if excess:
                self._wrong("travel", excess, job, what)
        return came, left

    def _load_again(self, turn: Reload, place: int, now: int, pauses: list[Pause]) -> tuple[int, list[Pause]]:
        """When the vehicle leaves its depot, and the pauses that are left for later."""
        came, pauses = self._drive((place, self._vehicle.start), now, pauses, turn, None)
        missing = came + self._vehicle.reload_seconds - turn.departure
        if missing > 0:
            self._wrong("reload", missing, what="departure")
        while pauses and pauses[0].start < turn.departure:
            if pauses[0].end > turn.departure:
                self._wrong("pause", pauses[0].end - turn.departure, what=pauses[0].name)
            pauses = pauses[1:]
        return turn.departure, pauses

    def _judge_service(self, job: Job, stop: Stop, ready: int, pauses: list[Pause]) -> None:
        """`ready` is when the setup would end if nobody paused; the pauses are those at the door."""
        missing = ready + sum(map(_length, pauses)) - stop.service_start
        if missing > 0:
            self._wrong("setup", missing, job.id)
        for pause in pauses:
            if pause.end > stop.service_start:
                self._wrong("pause", pause.end - stop.service_start, job.id, pause.name)
        miss = min(max(w.opens - stop.service_start, stop.service_start - w.closes) for w in job.windows)
        if miss > 0:
            self._wrong("window", miss, job.id)
        if stop.departure != stop.service_start + job.service_seconds:
            self._wrong("service", stop.departure - stop.service_start - job.service_seconds, job.id)

    def _go_home(self, place: int, now: int, pauses: list[Pause]) -> int:
        """When the vehicle is back; one with an open end is back where it stands.

        Nobody waits there, but for a break that must be held whatever happens: it may begin when the drive is over,
        other pauses before it, and the tour is over when it ends.
        """
        seconds, metres = 0, 0
        if self._vehicle.end is not None:
            seconds, metres = self._leg((place, self._vehicle.end), now, self._tour.return_seconds, None)
            self._judge_not_before(now, pauses)
            back, pauses = _with_pauses(now + seconds, pauses, self._tour.arrival)
        else:
            back = now
        must = {wanted.id for wanted in self._vehicle.breaks if wanted.always}
        awaited = max((number for number, pause in enumerate(pauses) if pause.name in must), default=-1)
        for number, pause in enumerate(pauses):
            if number <= awaited and pause.start >= back:
                back = pause.end
            else:
                self._wrong("pause", pause.end - back, what=pause.name)
        for what, excess in (
            ("return_seconds", self._tour.return_seconds - seconds),
            ("return_metres", self._tour.return_metres - metres),
            ("arrival", self._tour.arrival - back),
        ):
            if excess:
                self._wrong("return", excess, what=what)
        return back

    def _judge_shift(self) -> None:
        shift, limit = self._vehicle.shift, self._vehicle.max_seconds
        if self._tour.departure < shift.opens:
            self._wrong("shift", shift.opens - self._tour.departure, what="departure")
        if self.arrival > shift.closes:
            self._wrong("shift", self.arrival - shift.closes, what="arrival")
        if limit is not None and self.arrival - self._tour.departure > limit:
            self._wrong("max-seconds", self.arrival - self._tour.departure - limit)

    def _judge_releases(self) -> None:
        for trip in self._reading.trips:
            leaves = self._reading.leaves(trip)
            for job in (self._reading.jobs[number] for number in trip):
                if job.release is not None and leaves < job.release:
                    self._wrong("release", job.release - leaves, job.id)

    # --- pauses -------------------------------------------------------------------------------------------------------

    def _pauses_by_gap(self) -> dict[int, list[Pause]]:
        """The pauses before each stop, in the order of their beginning."""
        gaps: dict[int, list[Pause]] = {}
        for pause in sorted(self._tour.pauses, key=lambda one: (one.start, one.end)):
            if not 0 <= pause.before <= len(self._tour.stops):
                self._wrong("pause", _length(pause), what=pause.name)
            elif pause.end <= pause.start:
                self._wrong("pause", pause.start - pause.end + 1, what=pause.name)
            else:
                gaps.setdefault(pause.before, []).append(pause)
        for pauses in gaps.values():
            for earlier, later in pairwise(pauses):
                if later.start < earlier.end:
                    self._wrong("pause", earlier.end - later.start, what=later.name)
        return gaps

    def _judge_not_before(self, leaves: int, pauses: list[Pause]) -> None:
        for pause in pauses:
            if pause.start < leaves:
                self._wrong("pause", leaves - pause.start, what=pause.name)

    def _judge_breaks(self) -> None:
        for wanted in self._vehicle.breaks:
            held = [pause for pause in self._tour.pauses if pause.name == wanted.id]
            on_the_road = self._tour.departure <= wanted.window.closes < self.arrival
            if not held and (wanted.always or on_the_road):
                self._wrong("break", wanted.seconds, what=wanted.id)
            for pause in held[1:]:
                self._wrong("break", _length(pause), what=wanted.id)
            for pause in held:
                miss = max(wanted.window.opens - pause.start, pause.start - wanted.window.closes)
                if miss > 0:
                    self._wrong("break", miss, what=wanted.id)
                if pause.end - pause.start != wanted.seconds:
                    self._wrong("break", pause.end - pause.start - wanted.seconds, what=wanted.id)
        names = {wanted.id for wanted in self._vehicle.breaks}
        for pause in self._tour.pauses:
            if pause.name and pause.name not in names:
                self._wrong("break", _length(pause), what=pause.name)

    def _judge_work(self) -> None:
        rule = self._vehicle.rule
        for pause in self._tour.pauses:
            if not pause.name and (rule is None or _length(pause) < rule.break_seconds):
                self._wrong("pause", _length(pause) if rule is None else rule.break_seconds - _length(pause))
        if rule is None:
            return
        rests = [pause for pause in self._tour.pauses if _length(pause) >= rule.break_seconds]
        began = self._tour.departure
        for pause in sorted(rests, key=lambda one: one.start):
            if pause.start - began > rule.work_seconds:
                self._wrong("work-rule", pause.start - began - rule.work_seconds)
            began = max(began, pause.end)
        if self.arrival - began > rule.work_seconds:
            self._wrong("work-rule", self.arrival - began - rule.work_seconds)


def _length(pause: Pause) -> int:
    return max(0, pause.end - pause.start)


def _with_pauses(end: int, pauses: list[Pause], stated: int) -> tuple[int, list[Pause]]:
    """When a leg that would end then is over with the pauses on it, and the pauses that are not on it.

    A pause is on the leg when it begins before the leg is over. One that begins just then is at the door, unless the
    stated arrival comes after it: whether the vehicle paused before or behind the last yard makes no difference.
    """
    taken = 0
    for pause in pauses:
        if pause.start > end or (pause.start == end and pause.end > stated):
            break
        end += _length(pause)
        taken += 1
    return end, pauses[taken:]
