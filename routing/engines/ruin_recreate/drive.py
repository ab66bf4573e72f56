"""A whole tour driven from end to end, with everything the O(1) checks cannot say: several windows, breaks, the work
rule,
releases, reloads, prices by the second, a plan before. The compiled twin of `routing.timing` and `routing.schedule`.
"""

from __future__ import annotations

import numba

from .columns import (
    BEGIN,
    BREAK_FIRST,
    BREAK_LAST,
    CHANGE_COST,
    CLASHES,
    CLOSES,
    COST_SECOND,
    DIMENSIONS,
    DUE,
    EVEN_AFTER,
    EVEN_RATE,
    FIRST_MIXED,
    FIXED,
    GIVE,
    HALF,
    HAS_PAIRS,
    IN_TRIP,
    JOBS,
    LATE,
    LATEST,
    LINE,
    LOADS,
    MANY,
    MAX_DRIVING,
    MAX_METRES,
    MAX_SECONDS,
    MAX_STOPS,
    OPENS,
    OVER_AFTER,
    OVER_RATE,
    PAIRLOAD,
    PARTNER,
    PAUSE_ALWAYS,
    PAUSE_CLOSES,
    PAUSE_OPENS,
    PAUSE_SECONDS,
    PLACE,
    PROFILE,
    RANK,
    RELEASE,
    REST_SECONDS,
    ROOM,
    SECOND_PRICE,
    SVC,
    TAKE,
    TOLERANCE,
    TRAITS,
    TRIPS,
    VEHICLES,
    WAIT,
    WAS_START,
    WAS_VEHICLE,
    WINDOW_FIRST,
    WINDOW_LAST,
    WORK_SECONDS,
)
from .compiled import part
from .facts import BIG, IN_ORDER, NEVER
from .state import setup_before, worth


@part
def drive(F, S, v, count):
    """Cost, seconds, metres of the tour of vehicle v over the first `count` nodes of `S.line`; BIG when it breaks a
    rule.

    Leaves the begin of every service in `S.begins`.
    """
    if count == 0:
        return 0, 0, 0
    if not _carries(F, S, v, count):
        return BIG, 0, 0
    start = F.num[JOBS] + v
    leave = max(F.node[start, OPENS], _release(F, S, 0, count))
    arrival, metres, driving = _drive(F, S, v, count, leave)
    if arrival >= BIG or metres > F.fleet[v, MAX_METRES] or driving > F.fleet[v, MAX_DRIVING]:
        return BIG, 0, 0
    cost = _cost(F, S, v, count, metres, arrival - leave)
    seconds = arrival - leave
    later = _pushed_back(F, S, v, count, leave, arrival)
    if later > 0:
        late_arrival, metres, driving = _drive(F, S, v, count, leave + later)
        if late_arrival < BIG:
            late_cost = _cost(F, S, v, count, metres, late_arrival - leave - later)
            if late_cost <= cost or seconds > F.fleet[v, MAX_SECONDS]:
                cost, seconds = late_cost, late_arrival - leave - later
        elif seconds <= F.fleet[v, MAX_SECONDS]:
            _drive(F, S, v, count, leave)
    if seconds > F.fleet[v, MAX_SECONDS]:
        return BIG, 0, 0
    return cost, seconds, metres


@part
def _carries(F, S, v, count):
    """Loads, pairs, order of kinds, trips, stops and traits."""
    first_reload = F.num[JOBS] + 2 * F.num[VEHICLES]
    trips, stops, traits, clashes, rank = 1, 0, 0, 0, -1
    for at in range(count):
        c = S.node[at, LINE]
        if c >= first_reload:
            trips += 1
            continue
        stops += 1
        if F.node[c, FIXED] == IN_ORDER:
            if F.node[c, RANK] < rank:
                return False
            rank = F.node[c, RANK]
        traits |= F.node[c, TRAITS]
        clashes |= F.node[c, CLASHES]
    if trips > F.fleet[v, TRIPS] or stops > F.fleet[v, MAX_STOPS] or traits & clashes:
        return False
    first = 0
    trip = 0
    while first < count:
        last = first
        while last < count and S.node[last, LINE] < first_reload:
            last += 1
        trip += 1
        if last == first or not _trip_carries(F, S, v, first, last, trip):
            return False
        if last == count - 1:
            return False
        first = last + 1
    return True


@part
def _trip_carries(F, S, v, first, last, trip):
    for d in range(F.num[DIMENSIONS]):
        aboard = 0
        for at in range(first, last):
            aboard += F.node[S.node[at, LINE], LOADS + 3 * d + GIVE]
        if aboard > F.fleet[v, ROOM + d]:
            return False
        for at in range(first, last):
            c = S.node[at, LINE]
            aboard += (
                F.node[c, LOADS + 3 * d + TAKE] - F.node[c, LOADS + 3 * d + GIVE] + F.node[c, LOADS + 3 * d + PAIRLOAD]
            )
            if aboard > F.fleet[v, ROOM + d]:
                return False
    if F.fleet[v, FIRST_MIXED]:
        collected = False
        for at in range(first, last):
            c = S.node[at, LINE]
            if F.node[c, HALF]:
                continue
            for d in range(F.num[DIMENSIONS]):
                if collected and F.node[c, LOADS + 3 * d + GIVE] > 0:
                    return False
            for d in range(F.num[DIMENSIONS]):
                collected = collected or F.node[c, LOADS + 3 * d + TAKE] > 0
    if F.num[HAS_PAIRS]:
        opened = 0
        for at in range(first, last):
            c = S.node[at, LINE]
            if F.node[c, HALF] == 1:
                S.node[c, IN_TRIP] = at + 1
                opened += 1
            elif F.node[c, HALF] == 2:
                mark = S.node[F.node[c, PARTNER], IN_TRIP]
                if mark <= first or mark > at or S.node[mark - 1, LINE] != F.node[c, PARTNER]:
                    return False
                opened -= 1
        if opened != 0:
            return False
    return True


@part
def _release(F, S, first, count):
    """The latest release among the jobs of the trip that begins at that position."""
    found = -NEVER
    for at in range(first, count):
        c = S.node[at, LINE]
        if c >= F.num[JOBS]:
            break
        found = max(found, F.node[c, RELEASE])
    return found


@part
def _window(F, c, ready):
    """Begin and end of the first window of node c that is still open then: the begin of the service and its latest."""
    if c >= F.num[JOBS] or not F.num[MANY]:
        if ready > F.node[c, CLOSES]:
            return BIG, 0
        return max(ready, F.node[c, OPENS]), F.node[c, CLOSES]
    for at in range(F.node[c, WINDOW_FIRST], F.node[c, WINDOW_LAST]):
        if F.table[at, 1] >= ready:
            return max(ready, F.table[at, 0]), F.table[at, 1]
    return BIG, 0


@part
def _drive(F, S, v, count, leave):
    """Arrival, metres and driving seconds when leaving then; an arrival of BIG where time does not allow it.

    Where the work rule needs pauses, waits are used for them if that brings the vehicle home earlier.
    """
    arrival, metres, driving = _pass(F, S, v, count, leave, False)
    if F.fleet[v, WORK_SECONDS] >= NEVER or (arrival < BIG and arrival - leave <= F.fleet[v, WORK_SECONDS]):
        return arrival, metres, driving
    relaxed, metres, driving = _pass(F, S, v, count, leave, True)
    if relaxed < arrival:
        return relaxed, metres, driving
    return _pass(F, S, v, count, leave, False)


@part
def _pass(F, S, v, count, leave, free):
    road, pf = F.road, F.fleet[v, PROFILE]
    first_reload = F.num[JOBS] + 2 * F.num[VEHICLES]
    a, now, metres, driving = F.num[JOBS] + v, leave, 0, 0
    since = leave
    first_break, last_break = F.fleet[v, BREAK_FIRST], F.fleet[v, BREAK_LAST]
    done = 0
    for k in range(first_break, last_break):
        if not F.table[k, PAUSE_ALWAYS] and leave > F.table[k, PAUSE_CLOSES]:
            done |= 1 << (k - first_break)
    for at in range(count + 1):
        c = S.node[at, LINE] if at < count else F.num[JOBS] + F.num[VEHICLES] + v
        t = np_int(road[pf, F.node[a, PLACE], F.node[c, PLACE], 0])
        metres += np_int(road[pf, F.node[a, PLACE], F.node[c, PLACE], 1])
        driving += t
        setup = setup_before(F, a, c)
        arrival = now + t
        ready = arrival + setup
        free_from = now
        service = F.node[c, SVC]
        while True:
            if at < count:
                begin, latest = _window(F, c, ready)
                if begin >= BIG:
                    return BIG, 0, 0
            else:
                begin, latest = ready, F.node[c, CLOSES]
            taken = False
            k = _due(F, first_break, last_break, done, ready, at == count)
            if k >= 0:
                pause = F.table[k, PAUSE_SECONDS]
                begins = max(F.table[k, PAUSE_OPENS], free_from)
                must, fits = at == count, False
                if at < count:
                    must = begin + service > F.table[k, PAUSE_CLOSES]
                    fits = begins <= F.table[k, PAUSE_CLOSES] and max(begins, ready) + pause <= begin
                if must or fits:
                    if begins > F.table[k, PAUSE_CLOSES]:
                        return BIG, 0, 0
                    if fits:
                        begins = min(max(begins, ready), F.table[k, PAUSE_CLOSES])
                    if begins > since + F.fleet[v, WORK_SECONDS]:
                        # The work rule asks for a pause of its own before this one.
                        pause = F.fleet[v, REST_SECONDS]
                        begins = min(max(ready, begins - pause), since + F.fleet[v, WORK_SECONDS])
                        if begins < free_from:
                            return BIG, 0, 0
                    else:
                        done |= 1 << (k - first_break)
                    taken = True
            if not taken and F.fleet[v, WORK_SECONDS] < NEVER:
                until, pause = since + F.fleet[v, WORK_SECONDS], F.fleet[v, REST_SECONDS]
                if service > F.fleet[v, WORK_SECONDS]:
                    return BIG, 0, 0
                if begin + service > until or (free and at < count and begin - pause >= ready and since < now):
                    begins = min(max(ready, begin - pause), until)
                    if begins < free_from:
                        return BIG, 0, 0
                    taken = True
            if taken:
                if begins <= arrival:
                    arrival += pause
                    ready = arrival + setup
                else:
                    ready = max(ready + pause, begins + pause)
                free_from = begins + pause
                if pause >= F.fleet[v, REST_SECONDS]:
                    since = free_from
            if not taken:
                break
        if at == count:
            now = ready
            break
        S.node[at, BEGIN] = begin
        S.node[at, WAIT] = begin - ready
        S.node[at, LATEST] = latest
        now = begin + service
        if c >= first_reload:
            release = max(now, _release(F, S, at + 1, count))
            S.node[at, WAIT] += release - now
            S.node[at, LATEST] += release - now
            now = release
        elif F.node[c, LATE] > 0:
            S.node[at, LATEST] = min(latest, max(begin, F.node[c, DUE]))
        a = c
    if now > F.node[F.num[JOBS] + F.num[VEHICLES] + v, CLOSES]:
        return BIG, 0, 0
    return now, metres, driving


@part
def _due(F, first, last, done, ready, at_home):
    """The break to think of next: the first not held; at the return the first that must still be held. -1 when none."""
    if not at_home:
        for k in range(first, last):
            if not done >> (k - first) & 1:
                return k
        return -1
    back = ready
    for k in range(first, last):
        if F.table[k, PAUSE_ALWAYS] and not done >> (k - first) & 1:
            back = max(back, F.table[k, PAUSE_OPENS]) + F.table[k, PAUSE_SECONDS]
    for k in range(first, last):
        if not done >> (k - first) & 1 and (F.table[k, PAUSE_ALWAYS] or back > F.table[k, PAUSE_CLOSES]):
            return k
    return -1


@part
def np_int(value):
    """A cell of the 32-bit matrix as a number that does not overflow."""
    return numba.int64(value)


@part
def _cost(F, S, v, count, metres, seconds):
    cost = worth(F, v, metres, seconds)
    for at in range(count):
        c = S.node[at, LINE]
        if c >= F.num[JOBS]:
            continue
        begin = S.node[at, BEGIN]
        if begin > 0:
            cost += F.node[c, SECOND_PRICE] * begin
        if begin > F.node[c, DUE]:
            cost += F.node[c, LATE] * (begin - F.node[c, DUE])
        if F.node[c, WAS_VEHICLE] >= 0:
            moved = F.node[c, WAS_START] > -NEVER and abs(begin - F.node[c, WAS_START]) > F.num[TOLERANCE]
            if F.node[c, WAS_VEHICLE] != v or moved:
                cost += F.num[CHANGE_COST]
    return cost


@part
def _pushed_back(F, S, v, count, leave, arrival):
    """How many seconds later it pays to leave: see `routing.schedule`."""
    seconds = arrival - leave
    waited, slack = 0, F.node[F.num[JOBS] + v, CLOSES] - F.node[F.num[JOBS] + v, OPENS]
    for at in range(count):
        waited += S.node[at, WAIT]
        slack = min(slack, waited + S.node[at, LATEST] - S.node[at, BEGIN])
    bound = min(slack, waited, waited + F.node[F.num[JOBS] + F.num[VEHICLES] + v, CLOSES] - arrival)
    if bound <= 0:
        return 0
    reached, loss = 0, 0
    for at in range(count):
        reached += S.node[at, WAIT]
        c = S.node[at, LINE]
        price = F.node[c, SECOND_PRICE] if c < F.num[JOBS] and S.node[at, BEGIN] >= 0 else 0
        if price == 0:
            continue
        loss += price
        following, ahead = bound, reached
        for further in range(at + 1, count):
            ahead += S.node[further, WAIT]
            other = S.node[further, LINE]
            if other < F.num[JOBS] and F.node[other, SECOND_PRICE] > 0:
                following = ahead
                break
        if following > reached:
            worthwhile = max(reached, _worthwhile(F, v, seconds, loss))
            if worthwhile < following:
                return max(0, min(bound, max(worthwhile, seconds - F.fleet[v, MAX_SECONDS])))
    return bound


@part
def _worthwhile(F, v, seconds, loss):
    if loss <= F.fleet[v, COST_SECOND]:
        return seconds
    over, even = seconds - F.fleet[v, OVER_AFTER], seconds - F.num[EVEN_AFTER]
    reach = 0
    if over > 0:
        rate = F.fleet[v, COST_SECOND] + F.fleet[v, OVER_RATE] + (F.num[EVEN_RATE] if even >= over else 0)
        if rate >= loss:
            reach = max(reach, over)
    if even > 0:
        rate = F.fleet[v, COST_SECOND] + F.num[EVEN_RATE] + (F.fleet[v, OVER_RATE] if over >= even else 0)
        if rate >= loss:
            reach = max(reach, even)
    return reach
