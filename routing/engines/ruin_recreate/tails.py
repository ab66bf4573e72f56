"""Exchange of ends: 2-opt* of Potvin and Rousseau, Journal of the Operational Research Society 46 (1995)."""

from __future__ import annotations

import math

import numba

from .columns import (
    AFTER,
    BEFORE,
    CARRIED,
    CLASHES,
    COST,
    COST_FIXED,
    COST_METRE,
    COUNT,
    DIMENSIONS,
    DRIVING,
    DURATION,
    EXACT,
    FIRST_MIXED,
    FREE,
    FREE_COUNT,
    HAS_LIMITS,
    HAS_LOADS,
    HAS_PAIRS,
    HAS_TRAITS,
    IN_UPTO,
    JOBS,
    KIND,
    KIND_FIRST,
    KINDS,
    LM,
    LT,
    MAX_DRIVING,
    MAX_METRES,
    MAX_SECONDS,
    MAX_STOPS,
    METRES,
    NEAR_COUNT,
    NXT,
    OPEN_PAIRS,
    OUT_AFTER,
    PD,
    PL,
    PLACE,
    POS,
    PROFILE,
    PRV,
    RESTRICTED,
    ROOM,
    SD,
    SE,
    SEEN_TRAITS,
    STEPS,
    SVC,
    TAIL_GROUP,
    TOURS,
    VEH,
    VEHICLES,
    E,
    L,
)
from .compiled import part
from .state import chance, pick, refresh, set_free, setup_before, worth


@part
def tails(F, S, temperature):
    """Exchange the ends of two tours, or give the end of one to an empty vehicle, if that is accepted. True if done."""
    c = pick(S, F.num[JOBS])
    v = S.node[c, VEH]
    if v < 0 or F.num[EXACT]:
        return False
    if chance(S) < 0.05:
        w = -1
        kind = pick(S, F.num[KINDS])
        if S.fleet[kind, FREE_COUNT] == 0:
            return False
        w = S.fleet[F.fleet[kind, KIND_FIRST] + S.fleet[kind, FREE_COUNT] - 1, FREE]
        j = F.num[JOBS] + w
    else:
        m = F.near[c, pick(S, F.num[NEAR_COUNT])] if F.num[NEAR_COUNT] else c
        w = S.node[m, VEH]
        if w < 0 or w == v:
            return False
        j = S.node[m, PRV]
    if F.fleet[v, TAIL_GROUP] != F.fleet[w, TAIL_GROUP]:
        return False
    return _swap_tails(F, S, v, w, c, j, temperature)


@part
def _swap_tails(F, S, v, w, i, j, temperature):
    """Tour v up to i goes on with what follows j, tour w up to j with what follows i."""
    x, y = S.node[i, NXT], S.node[j, NXT]
    end_v, end_w = F.num[JOBS] + F.num[VEHICLES] + v, F.num[JOBS] + F.num[VEHICLES] + w
    if x == end_v and y == end_w:
        return False
    if F.num[HAS_PAIRS] and (S.node[i, OPEN_PAIRS] or S.node[j, OPEN_PAIRS]):
        return False
    road, pf = F.road, F.fleet[v, PROFILE]
    m_v, m_w = (
        numba.int64(road[pf, F.node[i, PLACE], F.node[y, PLACE], 1]),
        numba.int64(road[pf, F.node[j, PLACE], F.node[x, PLACE], 1]),
    )
    empty = j == F.num[JOBS] + w and x == end_v
    if empty:
        m_w = 0
    more = m_v + m_w - S.node[x, LM] - S.node[y, LM]
    rough = F.fleet[v, COST_METRE] * more
    if empty:
        rough -= F.fleet[w, COST_FIXED]
    elif S.fleet[w, COUNT] == 0:
        rough += F.fleet[w, COST_FIXED]
    threshold = -temperature * _log(chance(S))
    if not F.num[DURATION] and rough >= threshold:
        return False
    t_v = numba.int64(road[pf, F.node[i, PLACE], F.node[y, PLACE], 0]) + setup_before(F, i, y)
    t_w = numba.int64(road[pf, F.node[j, PLACE], F.node[x, PLACE], 0]) + setup_before(F, j, x)
    if S.node[i, E] + F.node[i, SVC] + t_v > S.node[y, L] or S.node[j, E] + F.node[j, SVC] + t_w > S.node[x, L]:
        return False
    if F.num[HAS_LOADS] and not (_holds(F, S, v, i, y, j) and _holds(F, S, w, j, x, i)):
        return False
    if F.num[HAS_TRAITS] and not (
        _agree(F, S, S.node[i, SEEN_TRAITS], y, end_w) and _agree(F, S, S.node[j, SEEN_TRAITS], x, end_v)
    ):
        return False
    if F.num[RESTRICTED] and not (_welcome(F, S, v, y, end_w) and _welcome(F, S, w, x, end_v)):
        return False
    seconds_v, seconds_w = S.node[i, PD] + t_v, S.node[j, PD] + t_w
    before = S.fleet[v, COST] + S.fleet[w, COST]
    if F.num[DURATION]:
        seconds_v += S.node[y, SD] + max(S.node[y, SE] - seconds_v - S.node[i, PL], 0)
        seconds_w += S.node[x, SD] + max(S.node[x, SE] - seconds_w - S.node[j, PL], 0)
        if seconds_v > F.fleet[v, MAX_SECONDS] or seconds_w > F.fleet[w, MAX_SECONDS]:
            return False
    metres_v, metres_w = _split_metres(F, S, i, y, j, x, m_v, m_w, v, w)
    if F.num[HAS_LIMITS] and not _tails_within(F, S, v, w, i, j, metres_v, metres_w, x, y):
        return False
    cost = worth(F, v, metres_v, seconds_v)
    if not empty:
        cost += worth(F, w, metres_w, seconds_w)
    if cost - before >= threshold:
        return False
    S.now[STEPS] += 1
    S.now[TOURS] -= before
    _join(F, S, v, w, i, j)
    for one in (v, w):
        set_free(F, S, one)
        refresh(F, S, one)
        S.now[TOURS] += S.fleet[one, COST]
    return True


@part
def _log(u):
    return math.log(max(u, 1e-300))


@part
def _split_metres(F, S, i, y, j, x, m_v, m_w, v, w):
    """Metres of both tours after the exchange."""
    if not (F.num[DURATION] or F.num[HAS_LIMITS]):
        # Only the sum counts for the cost, and both have the same price by metre.
        total = S.fleet[v, METRES] + S.fleet[w, METRES] - S.node[x, LM] - S.node[y, LM] + m_v + m_w
        return total, 0
    head_v, head_w = _way_to(F, S, v, i), _way_to(F, S, w, j)
    return (
        head_v + m_v + S.fleet[w, METRES] - head_w - S.node[y, LM],
        head_w + m_w + S.fleet[v, METRES] - head_v - S.node[x, LM],
    )


@part
def _way_to(F, S, v, i):
    metres, a, start = 0, i, F.num[JOBS] + v
    while a != start:
        metres += S.node[a, LM]
        a = S.node[a, PRV]
    return metres


@part
def _tails_within(F, S, v, w, i, j, metres_v, metres_w, x, y):
    stops_v = S.node[i, POS] + S.fleet[w, COUNT] - S.node[j, POS]
    stops_w = S.node[j, POS] + S.fleet[v, COUNT] - S.node[i, POS]
    if stops_v > F.fleet[v, MAX_STOPS] or stops_w > F.fleet[w, MAX_STOPS]:
        return False
    if metres_v > F.fleet[v, MAX_METRES] or metres_w > F.fleet[w, MAX_METRES]:
        return False
    road, pf = F.road, F.fleet[v, PROFILE]
    head_v, head_w = 0, 0
    a = i
    while a != F.num[JOBS] + v:
        head_v += S.node[a, LT]
        a = S.node[a, PRV]
    a = j
    while a != F.num[JOBS] + w:
        head_w += S.node[a, LT]
        a = S.node[a, PRV]
    t_v = numba.int64(road[pf, F.node[i, PLACE], F.node[y, PLACE], 0])
    t_w = numba.int64(road[pf, F.node[j, PLACE], F.node[x, PLACE], 0])
    return (
        head_v + t_v + S.fleet[w, DRIVING] - head_w - S.node[y, LT] <= F.fleet[v, MAX_DRIVING]
        and head_w + t_w + S.fleet[v, DRIVING] - head_v - S.node[x, LT] <= F.fleet[w, MAX_DRIVING]
    )


@part
def _holds(F, S, v, i, y, j):
    """Vehicle v can carry its tour up to i followed by what comes behind j (first node y)."""
    for d in range(F.num[DIMENSIONS]):
        room = F.fleet[v, ROOM + d]
        if (
            S.node[i, CARRIED + 5 * d + BEFORE]
            - S.node[i, CARRIED + 5 * d + OUT_AFTER]
            + S.node[j, CARRIED + 5 * d + OUT_AFTER]
            > room
        ):
            return False
        if (
            S.node[y, CARRIED + 5 * d + AFTER]
            - S.node[j, CARRIED + 5 * d + IN_UPTO]
            + S.node[i, CARRIED + 5 * d + IN_UPTO]
            > room
        ):
            return False
    if F.fleet[v, FIRST_MIXED]:
        collects, gives = False, False
        for d in range(F.num[DIMENSIONS]):
            collects = collects or S.node[i, CARRIED + 5 * d + IN_UPTO] > 0
            gives = gives or S.node[j, CARRIED + 5 * d + OUT_AFTER] > 0
        if collects and gives:
            return False
    return True


@part
def _agree(F, S, traits, y, end):
    """No trait seen so far clashes with what follows from y."""
    while y != end:
        if F.node[y, CLASHES] & traits:
            return False
        y = S.node[y, NXT]
    return True


@part
def _welcome(F, S, v, y, end):
    """Vehicle v may serve everything from y on."""
    kind = F.fleet[v, KIND]
    while y != end:
        if not F.kmask[y, kind]:
            return False
        y = S.node[y, NXT]
    return True


@part
def _join(F, S, v, w, i, j):
    x, y = S.node[i, NXT], S.node[j, NXT]
    end_v, end_w = F.num[JOBS] + F.num[VEHICLES] + v, F.num[JOBS] + F.num[VEHICLES] + w
    last_v, last_w = S.node[end_v, PRV], S.node[end_w, PRV]
    if y == end_w:
        S.node[i, NXT], S.node[end_v, PRV] = end_v, i
    else:
        S.node[i, NXT], S.node[y, PRV] = y, i
        S.node[last_w, NXT], S.node[end_v, PRV] = end_v, last_w
    if x == end_v:
        S.node[j, NXT], S.node[end_w, PRV] = end_w, j
    else:
        S.node[j, NXT], S.node[x, PRV] = x, j
        S.node[last_v, NXT], S.node[end_w, PRV] = end_w, last_v
