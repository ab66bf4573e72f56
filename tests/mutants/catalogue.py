"""The mutants: each breaks one rule. A new one is an entry here, in the list of its part.

`was` is a piece of the source that stands exactly once in its file; what it becomes should be a mistake that somebody
could make and that still runs.
"""

from __future__ import annotations

from tests.mutants.planting import Mutant

_CHECK = "routing/check/"
_JUDGED = ("tests/routing/test_check.py", "tests/routing/test_check_by_chance.py")


def _checker(rule: str, file: str, was: str, becomes: str) -> Mutant:
    return Mutant("checker", rule, f"{_CHECK}{file}.py", was, becomes, _JUDGED)


CHECKER = (
    _checker("shape", "shape", "return type(value) is int and", "return isinstance(value, int) and"),
    _checker("job-once", "whole", "if named[one] != 1:", "if named[one] < 1:"),
    _checker("unknown-job", "whole", "if one not in known.jobs:", "if not one:"),
    _checker("vehicle-once", "whole", "elif times > 1:", "elif times > 2:"),
    _checker("unknown-vehicle", "whole", "if vehicle not in known.vehicles:", "if not vehicle:"),
    _checker("empty-tour", "whole", "for tour in sound if not tour.stops)", "for tour in sound if tour.stops is None)"),
    _checker("allowed-vehicle", "order", "vehicle.id not in job.vehicles:", "not job.vehicles:"),
    _checker("skill", "order", "sorted(job.skills - vehicle.skills)", "sorted(job.skills & vehicle.skills)"),
    _checker("road", "clock", "if seconds >= UNREACHABLE:", "if seconds > UNREACHABLE:"),
    _checker("travel", "clock", "stated.drive_metres - metres)", "0)"),
    _checker("travel, pace", "clock", "bisect_right(self._period_begins, leaves)",
             "bisect_right(self._period_begins, leaves - 1)"),
    _checker("setup", "clock", 'missing = ready + sum(map(_length, pauses)) - stop.service_start',
             "missing = ready - stop.service_start"),
    _checker("setup, after a reload", "clock", "stood_there = number > 0 and turn is None and place == job.place",
             "stood_there = number > 0 and place == job.place"),
    _checker("window", "clock", "stop.service_start - w.closes) for w in job.windows)",
             "stop.service_start - w.closes) for w in job.windows[:1])"),
    _checker("service", "clock", "if stop.departure != stop.service_start + job.service_seconds:",
             "if stop.departure < stop.service_start + job.service_seconds:"),
    _checker("shift", "clock", "if self.arrival > shift.closes:", "if self._tour.departure > shift.closes:"),
    _checker("return", "clock", "self._tour.return_metres - metres)", "0)"),
    _checker("max-seconds", "clock", "self.arrival - self._tour.departure > limit:",
             "self.arrival - self._tour.departure > limit + 1:"),
    _checker("load", "scales", "if amount != aboard[axis]:", "if amount > aboard[axis]:"),
    _checker("capacity", "scales", "reading.vehicle.capacity or (0,) * len(names)",
             "reading.vehicle.capacity or (2**60,) * len(names)"),
    _checker("max-stops", "order", "len(reading.jobs) > vehicle.max_stops:",
             "len(reading.trips[0]) > vehicle.max_stops:"),
    _checker("max-metres", "costs", '("max-metres", vehicle.max_metres, clock.metres)',
             '("max-metres", vehicle.max_metres, clock.metres - tour.return_metres)'),
    _checker("max-driving", "costs", '("max-driving", vehicle.max_driving_seconds, clock.driving)',
             '("max-driving", vehicle.max_driving_seconds, clock.driving - tour.return_seconds)'),
    _checker("reload", "clock", "missing = came + self._vehicle.reload_seconds - turn.departure",
             "missing = came - turn.departure"),
    _checker("trips", "order", "if len(stated) + 1 > vehicle.trips:", "if len(stated) > vehicle.trips:"),
    _checker("release", "reading", "return self.turns[trip.start].departure if trip.start else self.tour.departure",
             "return self.tour.departure"),
    _checker("pair", "whole", "collected[:2] == handed_over[:2]", "collected[:1] == handed_over[:1]"),
    _checker("deliveries-first", "order", "if collected and any(job.delivery):",
             "if collected and any(job.delivery) and not any(job.pickup):"),
    _checker("break", "clock", "<= wanted.window.closes < self.arrival", "<= wanted.window.closes <= self.arrival"),
    _checker("work-rule", "clock", "began = max(began, pause.end)", "began = max(began, pause.start)"),
    _checker("pause", "clock", "if later.start < earlier.end:", "if later.start < earlier.start:"),
    _checker("pause, at home", "clock", "if number <= awaited and pause.start >= back:", "if pause.start >= back:"),
    _checker("incompatible", "reading", "foes.setdefault(other, set()).add(one)",
             "foes.setdefault(other, set()).add(other)"),
    _checker("stock", "whole", "taken[reading.vehicle.start, product] += pieces", "taken[0, product] += pieces"),
    _checker("lock", "order", "known.locked.get(one, vehicle.id) != vehicle.id", "known.locked.get(one) is None"),
    _checker("lock, prefix", "order", "elif number in reading.turns:", "elif number > 9 and number in reading.turns:"),
    _checker("totals", "costs", "tour.driving_seconds, clock.driving)", "tour.driving_seconds, tour.driving_seconds)"),
    _checker("costs", "costs", "max(0, stop.service_start) * job.second_price",
             "stop.service_start * job.second_price"),
    _checker("costs, changes", "costs", "> problem.previous.tolerance_seconds",
             ">= problem.previous.tolerance_seconds"),
)  # fmt: skip

_TIMED = ("tests/routing/test_schedule.py",)


def _schedule(rule: str, file: str, was: str, becomes: str) -> Mutant:
    return Mutant("schedule", rule, f"routing/{file}.py", was, becomes, _TIMED)


SCHEDULE = (
    _schedule("skill", "schedule", 'return None if job.skills <= vehicle.skills else "skill"', "return None"),
    _schedule("lock", "schedule", "for one, wanted in zip(standing, wanted_order, strict=True) if one != wanted)",
              "for one, wanted in zip(standing[2:], wanted_order[2:], strict=True) if one != wanted)"),
    _schedule("lock, prefix", "schedule", "if len(parts) > 1 and len(parts[0]) < len(vehicle.prefix):",
              "if len(parts) > 1 and not parts[0]:"),
    _schedule("max-stops", "schedule", "len(jobs) > vehicle.max_stops:", "len(jobs) > vehicle.max_stops + 1:"),
    _schedule("incompatible", "schedule", "if any(one in aboard and other in aboard for",
              "if any(one in job.traits and other in aboard for"),
    _schedule("trips", "schedule", "if len(parts) > vehicle.trips:", "if len(parts) > vehicle.trips + 1:"),
    _schedule("pair", "schedule", 'return Broken("pair", min(waiting)) if waiting else None', "return None"),
    _schedule("deliveries-first", "schedule", "if collected and any(job.delivery):",
              "if collected and not any(job.pickup):"),
    _schedule("stock", "schedule", "if left[product] < 0:", "if left[product] < -1:"),
    _schedule("load", "schedule", "aboard = [now - out[d] + back[d] for d, now in enumerate(aboard)]",
              "aboard = [now - out[d] for d, now in enumerate(aboard)]"),
    _schedule("max-metres", "schedule", '("max-metres", vehicle.max_metres, metres)',
              '("max-metres", vehicle.max_metres, metres - passed.return_metres)'),
    _schedule("max-driving", "schedule", '("max-driving", vehicle.max_driving_seconds, driving)',
              '("max-driving", vehicle.max_driving_seconds, driving - passed.return_seconds)'),
    _schedule("max-seconds", "schedule", "if vehicle.max_seconds is None else vehicle.max_seconds",
              "if vehicle.max_seconds is None else vehicle.max_seconds + 1"),
    _schedule("leaving later", "schedule", "bound = min(slack, waited, waited + vehicle.shift.closes - tour.arrival)",
              "bound = 0"),
    _schedule("leaving later, delay", "schedule", "lost += turn.second_price", "lost = turn.second_price"),
    _schedule("setup", "timing", "if first or job.place != state.place else 0", "if job.place != state.place else 0"),
    _schedule("window", "timing", "for window in windows if window.closes >= gap.ready),",
              "for window in windows if window.closes >= gap.left),"),
    _schedule("release", "timing", "departure = max(ready, ready if release is None else release)",
              "departure = ready"),
    _schedule("release, first trip", "timing", "opens if self.releases[0] is None else max(opens, self.releases[0])",
              "opens"),
    _schedule("reload", "timing", "ready = begin + vehicle.reload_seconds", "ready = begin"),
    _schedule("shift", "timing", "if gap.ready > vehicle.shift.closes:", "if gap.left > vehicle.shift.closes:"),
    _schedule("road", "timing", '''if drive >= UNREACHABLE:
        return Broken("road", job.id)''', '''if drive > UNREACHABLE:
        return Broken("road", job.id)'''),
    _schedule("travel, pace", "timing", "if period.opens > leave:", "if period.opens >= leave:"),
    _schedule("break", "timing", "if pause.always or leave <= pause.window.closes]", "if pause.always]"),
    _schedule("break, at home", "timing", "if pause.always or back > pause.window.closes), None)",
              "if pause.always), None)"),
    _schedule("work-rule", "timing", "must = begin + service > until", "must = begin > until"),
    _schedule("work-rule, before a break", "timing", "or start <= _stretch(clock, state) + rule.work_seconds",
              "or start <= _stretch(clock, state) + 2 * rule.work_seconds"),
    _schedule("pause", "timing", "self.ready = max(self.ready + seconds, start + seconds)",
              "self.ready = self.ready + seconds"),
    _schedule("costs", "cost", "max(0, stop.service_start)", "stop.service_start"),
    _schedule("costs, changes", "cost", "or moved > previous.tolerance_seconds",
              "or moved >= previous.tolerance_seconds"),
    _schedule("costs, late", "cost", "_beyond(stop.service_start, job.due) * job.late_second_cost",
              "_beyond(stop.service_start, job.due or 0) * job.late_second_cost"),
)  # fmt: skip

_SEARCHED = (
    "tests/routing/test_kernel_clock.py",
    "tests/routing/test_ruin_recreate.py::test_what_it_finds_keeps_every_rule_and_costs_what_it_says",
)


def _kernel(rule: str, file: str, was: str, becomes: str) -> Mutant:
    """Compiling takes minutes; the small problems of its tests are searched without."""
    place = f"routing/engines/ruin_recreate/{file}.py"
    return Mutant("kernel", rule, place, was, becomes, _SEARCHED, interpreted=True)


KERNEL = (
    _kernel("trips", "drive", "if trips > F.fleet[v, TRIPS] or", "if trips > F.fleet[v, TRIPS] + 1 or"),
    _kernel("max-stops", "drive", "stops > F.fleet[v, MAX_STOPS]", "stops > F.fleet[v, MAX_STOPS] + 1"),
    _kernel("incompatible", "drive", "clashes |= F.node[c, CLASHES]", "clashes = F.node[c, CLASHES]"),
    _kernel("lock", "drive", "if F.node[c, RANK] < rank:", "if F.node[c, RANK] < rank - 1:"),
    _kernel("load", "drive", "- F.node[c, LOADS + 3 * d + GIVE] + F.node[c, LOADS + 3 * d + PAIRLOAD]",
            "- F.node[c, LOADS + 3 * d + GIVE]"),
    _kernel("deliveries-first", "drive", "if collected and F.node[c, LOADS + 3 * d + GIVE] > 0:",
            "if collected and F.node[c, LOADS + 3 * d + GIVE] > 20:"),
    _kernel("pair", "drive", "if opened != 0:", "if opened < 0:"),
    _kernel("release", "drive", "found = max(found, F.node[c, RELEASE])", "found = F.node[c, RELEASE]"),
    _kernel("release, after a reload", "drive", "release = max(now, _release(F, S, at + 1, count))", "release = now"),
    _kernel("window", "drive", "if F.table[at, 1] >= ready:", "if F.table[at, 1] >= ready - 600:"),
    _kernel("break", "drive", "must = begin + service > F.table[k, PAUSE_CLOSES]",
            "must = begin > F.table[k, PAUSE_CLOSES]"),
    _kernel("break, at home", "drive", "or back > F.table[k, PAUSE_CLOSES]):",
            "or back > F.table[k, PAUSE_CLOSES] + 900):"),
    _kernel("work-rule", "drive", "if begin + service > until or (free", "if begin > until or (free"),
    _kernel("max-metres", "drive", "metres > F.fleet[v, MAX_METRES] or", "metres > F.fleet[v, MAX_METRES] + 900 or"),
    _kernel("max-driving", "drive", "driving > F.fleet[v, MAX_DRIVING]:", "driving > F.fleet[v, MAX_DRIVING] + 300:"),
    _kernel("leaving later", "drive", "bound = min(slack, waited, waited", "bound = min(waited, waited"),
    _kernel("costs, delay", "drive", "if begin > 0:\n            cost += F.node[c, SECOND_PRICE]",
            "if begin > -NEVER:\n            cost += F.node[c, SECOND_PRICE]"),
    _kernel("costs, late", "drive", "if begin > F.node[c, DUE]:", "if begin > F.node[c, DUE] + 600:"),
    _kernel("costs, changes", "drive", "!= v or moved:", "!= v:"),
    _kernel("shift", "drive", "if now > F.node[F.num[JOBS] + F.num[VEHICLES] + v, CLOSES]:",
            "if now > F.node[F.num[JOBS] + F.num[VEHICLES] + v, CLOSES] + 600:"),
)  # fmt: skip

MUTANTS = (*CHECKER, *SCHEDULE, *KERNEL)
