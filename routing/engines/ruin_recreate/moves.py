"""Ruin and recreate: strings of jobs out of neighbouring tours, and back where they cost least.

Slack induction by string removals: Christiaens and Vanden Berghe, Transportation Science 54 (2020).
"""

from __future__ import annotations

import numba

from .changes import drop_reloads, put, settle, take_out
from .columns import (
    ADJACENT_COUNT,
    CLOSES,
    COUNT,
    DIMENSIONS,
    FAR,
    FIXED,
    GIVE,
    HALF,
    JOBS,
    KEY,
    LOADS,
    MISSING,
    MUST,
    NEAR_COUNT,
    NXT,
    OPENS,
    PAIRLOAD,
    PARTNER,
    PRICE,
    PRV,
    RELOADS,
    REMOVED,
    STAMP,
    STAMPS,
    TAKE,
    VEH,
    VEHICLES,
    WIDE,
)
from .compiled import part
from .facts import BIG, NEVER
from .insertions import best_gap
from .state import chance, pick

#: How often a string keeps a part in its middle, and how often that part grows.
SPLIT, GROW = 0.5, 0.01
#: Keys of the order in which jobs go back are cut there; ties are broken by lot.
MOST_KEY, TIES = 2**41, 2**20


@part
def ruin(F, S, mean_removed, longest):
    """Take strings of neighbouring jobs out of neighbouring tours; how many jobs (pairs count once) are out."""
    count = 0
    served = F.num[JOBS] - S.now[MISSING]
    if served == 0:
        return 0
    used = 0
    for v in range(F.num[VEHICLES]):
        if S.fleet[v, COUNT]:
            used += 1
    mean_length = served / used
    most = min(longest, mean_length)
    strings = np_floor(chance(S) * (4.0 * mean_removed / (1.0 + most) - 1.0)) + 1
    seed = pick(S, F.num[JOBS])
    for _ in range(50):
        if S.node[seed, VEH] >= 0:
            break
        seed = pick(S, F.num[JOBS])
    ruined = 0
    S.now[STAMPS] += 1
    now = S.now[STAMPS]
    for k in range(-1, F.num[ADJACENT_COUNT]):
        c = seed if k < 0 else F.near[seed, F.num[NEAR_COUNT] + k]
        v = S.node[c, VEH]
        if v < 0 or F.node[c, FIXED] or S.node[F.num[JOBS] + v, STAMP] == now:
            continue
        S.node[F.num[JOBS] + v, STAMP] = now
        count = _cut_string(F, S, c, v, most, count)
        ruined += 1
        if ruined >= strings:
            break
    return count


@part
def np_floor(value):
    """The whole part, at least 0."""
    return numba.int64(max(0.0, value))


@part
def _cut_string(F, S, c, v, most, count):
    """Take a string around job c out of its tour, now and then with a part in the middle kept."""
    size = S.fleet[v, COUNT]
    length = np_floor(chance(S) * min(float(size), most)) + 1
    length = min(length, size)
    keep = 0
    if length > 1 and length < size and chance(S) < SPLIT:
        keep = 1
        while length + keep < size and chance(S) < GROW:
            keep += 1
    span = length + keep
    # The string begins so many jobs before c.
    back = pick(S, span)
    a, start = c, F.num[JOBS] + v
    while back > 0 and S.node[a, PRV] != start:
        a = S.node[a, PRV]
        if a < F.num[JOBS]:
            back -= 1
    kept_from = pick(S, length) + 1 if keep else NEVER
    number, end = 0, F.num[JOBS] + F.num[VEHICLES] + v
    while number < span and a != end:
        b = S.node[a, NXT]
        if a < F.num[JOBS]:
            number += 1
            kept = kept_from <= number - 1 < kept_from + keep
            if not kept and not F.node[a, FIXED] and S.node[a, VEH] >= 0:
                partner = F.node[a, PARTNER]
                if b == partner:
                    b = S.node[b, NXT]
                if partner < 0 or not F.node[partner, FIXED]:
                    count = take_out(F, S, a, count)
        a = b
    if F.num[RELOADS]:
        drop_reloads(F, S, v)
    settle(F, S, v)
    return count


@part
def arrange(F, S, count):
    """Bring the removed jobs into the order in which they go back: one of seven, by lot."""
    dice = chance(S) * 17.0
    for at in range(count):
        c = S.node[at, REMOVED]
        if dice < 4.0:
            key = 0
        elif dice < 8.0:
            key = 0
            for d in range(F.num[DIMENSIONS]):
                one = LOADS + 3 * d
                key -= F.node[c, one + GIVE] + F.node[c, one + TAKE] + max(0, F.node[c, one + PAIRLOAD])
        elif dice < 10.0:
            key = -F.node[c, FAR]
        elif dice < 11.0:
            key = F.node[c, FAR]
        elif dice < 13.0:
            key = F.node[c, WIDE]
        elif dice < 15.0:
            key = F.node[c, OPENS]
        else:
            key = -F.node[c, CLOSES]
        S.node[at, KEY] = max(-MOST_KEY, min(MOST_KEY, key)) * TIES + pick(S, TIES)
    for at in range(1, count):
        c, key = S.node[at, REMOVED], S.node[at, KEY]
        k = at - 1
        while k >= 0 and S.node[k, KEY] > key:
            S.node[k + 1, REMOVED], S.node[k + 1, KEY] = S.node[k, REMOVED], S.node[k, KEY]
            k -= 1
        S.node[k + 1, REMOVED], S.node[k + 1, KEY] = c, key


@part
def recreate(F, S, count, blink, everywhere, opening):
    """Put the removed jobs back, each where it costs least, when that is cheaper than leaving it out."""
    for at in range(count):
        c = S.node[at, REMOVED]
        if S.node[c, VEH] >= 0:
            continue
        limit = F.node[c, PRICE] + (F.node[F.node[c, PARTNER], PRICE] if F.node[c, HALF] else 0)
        if F.node[c, MUST]:
            limit = BIG
        _, v, p, k, t = best_gap(F, S, c, blink, everywhere, opening, limit)
        if v >= 0:
            put(F, S, c, v, p, k, t)
