"""A plan in the making as linked lists with everything that makes the check of a change O(1).

For each node of a tour stand the earliest and latest begin of its service, the way into it, and the segments before and
after it: duration, earliest and latest begin that give that duration (Vidal, Crainic, Gendreau and Prins, Computers &
Operations Research 40, 2013), loads and their maxima before and after. docs/search.md has the formulas.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import numpy.typing as npt

from . import columns as col
from .columns import (
    ABSENT,
    ABSENT_AT,
    AFTER,
    BEFORE,
    BEST,
    BEST_AT,
    BEST_LEFT,
    BEST_TOURS,
    CARRIED,
    CLOSES,
    COST,
    COST_FIXED,
    COST_METRE,
    COST_SECOND,
    COUNT,
    DEPOT,
    DIMENSIONS,
    DRIVING,
    DURATION,
    EVEN_AFTER,
    EVEN_RATE,
    FREE,
    FREE_AT,
    FREE_COUNT,
    GIVE,
    GOODS_AT,
    HALF,
    HAS_LOADS,
    HAS_PAIRS,
    HAS_SETUP,
    HAS_TRAITS,
    IN_UPTO,
    JOBS,
    KIND,
    KIND_FIRST,
    LEFT,
    LEFT_TRAITS,
    LM,
    LOAD,
    LOADS,
    LT,
    METRES,
    MISSING,
    NXT,
    OPEN_PAIRS,
    OPENS,
    OUT_AFTER,
    OVER_AFTER,
    OVER_RATE,
    PAIRLOAD,
    PD,
    PE,
    PL,
    PLACE,
    POS,
    PRICE,
    PRODUCTS,
    PROFILE,
    PRV,
    RANDOM,
    SAVED,
    SAVED_AT,
    SD,
    SE,
    SECONDS,
    SEEN_TRAITS,
    SETUP,
    SOFT,
    STEPS,
    SVC,
    TAKE,
    TAKEN,
    TOUCHED,
    TOUCHED_MARK,
    TOUCHED_TOUR,
    TOUR_TRAITS,
    TOURS,
    TRAITS,
    VEH,
    VEHICLES,
    E,
    L,
)
from .compiled import part
from .facts import BIG

Ints = npt.NDArray[np.int64]


#: The plan in the making, the best one so far, and room for what a step needs; `columns` says what stands where.
State = namedtuple("State", ("node", "fleet", "now"))
#: So many insertions of one job can be remembered, whatever the size of the problem.
FEWEST_ROWS = 512


def empty_state(facts: Any, seed: int) -> Any:
    """Nobody served, every vehicle at home."""
    wanted = (col.VEHICLES, col.DIMENSIONS, col.NODES, col.PRODUCTS)
    v, d, nodes, products = (int(facts.num[one]) for one in wanted)
    node = np.zeros((max(nodes + 4, FEWEST_ROWS), col.CARRIED + 5 * d), dtype=np.int64)
    fleet = np.zeros((v + 2, col.TAKEN + products), dtype=np.int64)
    state = State(node=node, fleet=fleet, now=np.zeros(col.STATE_NOW, dtype=np.int64))
    node[:, (col.NXT, col.PRV, col.VEH)] = -1
    node[:, col.ABSENT_AT], node[:, col.MISSES] = -1, 1
    state.now[col.BEST_TOURS] = state.now[col.BEST_LEFT] = BIG // 2
    state.now[col.RANDOM] = (seed * 0x9E3779B97F4A7C15 + 0x51B54A32D192ED03) % 2**63 or 1
    return state


@part
def send_home(F, S):
    """Every vehicle at home, every job missing."""
    for v in range(F.num[VEHICLES]):
        start, end = F.num[JOBS] + v, F.num[JOBS] + F.num[VEHICLES] + v
        S.node[start, NXT], S.node[end, PRV] = end, start
        S.node[start, VEH], S.node[end, VEH] = v, v
        refresh(F, S, v)
    for w in range(F.num[VEHICLES]):
        # The last pushed is the first taken: vehicles in their order.
        v = F.num[VEHICLES] - 1 - w
        kind = F.fleet[v, KIND]
        S.fleet[F.fleet[kind, KIND_FIRST] + S.fleet[kind, FREE_COUNT], FREE] = v
        S.fleet[v, FREE_AT] = S.fleet[kind, FREE_COUNT]
        S.fleet[kind, FREE_COUNT] += 1
    for c in range(F.num[JOBS]):
        S.node[c, ABSENT], S.node[c, ABSENT_AT] = c, c
        S.now[LEFT] += F.node[c, PRICE]
    S.now[MISSING] = F.num[JOBS]


@part
def chance(S):
    """A number from 0 to below 1 (xorshift64*, Vigna, ACM Transactions on Mathematical Software 42, 2016)."""
    x = np.uint64(S.now[RANDOM])
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    S.now[RANDOM] = np.int64(x)
    return np.float64((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@part
def pick(S, count):
    """A whole number from 0 to below count."""
    return np.int64(chance(S) * count)


@part
def setup_before(F, a, b):
    """Seconds to set up at node b when the vehicle comes from node a."""
    if F.num[HAS_SETUP] and b < F.num[JOBS] and (a >= F.num[JOBS] or F.node[a, PLACE] != F.node[b, PLACE]):
        return F.node[b, SETUP]
    return 0


@part
def worth(F, v, metres, seconds):
    """What a used vehicle costs over so many metres and seconds."""
    cost = F.fleet[v, COST_FIXED] + F.fleet[v, COST_METRE] * metres
    if F.num[DURATION]:
        cost += F.fleet[v, COST_SECOND] * seconds
        if seconds > F.fleet[v, OVER_AFTER]:
            cost += (seconds - F.fleet[v, OVER_AFTER]) * F.fleet[v, OVER_RATE]
        if seconds > F.num[EVEN_AFTER]:
            cost += (seconds - F.num[EVEN_AFTER]) * F.num[EVEN_RATE]
    return cost


@part
def refresh(F, S, v):
    """Everything about a tour anew from its linked list; the list must be feasible."""
    start, end = F.num[JOBS] + v, F.num[JOBS] + F.num[VEHICLES] + v
    road, pf = F.road, F.fleet[v, PROFILE]
    S.node[start, E] = F.node[start, OPENS]
    S.node[start, PD], S.node[start, PE], S.node[start, PL] = 0, F.node[start, OPENS], F.node[start, CLOSES]
    S.node[start, POS], S.node[start, OPEN_PAIRS], S.node[start, SEEN_TRAITS] = 0, 0, 0
    a, count, metres, driving = start, 0, 0, 0
    while a != end:
        b = S.node[a, NXT]
        t = np.int64(road[pf, F.node[a, PLACE], F.node[b, PLACE], 0])
        m = np.int64(road[pf, F.node[a, PLACE], F.node[b, PLACE], 1])
        driving += t
        metres += m
        S.node[b, LM], S.node[b, LT] = m, t
        t += setup_before(F, a, b)
        S.node[b, E] = max(F.node[b, OPENS], S.node[a, E] + F.node[a, SVC] + t)
        if F.num[DURATION]:
            ahead = S.node[a, PD] + t
            wait = max(F.node[b, OPENS] - ahead - S.node[a, PL], 0)
            S.node[b, PD] = ahead + wait + F.node[b, SVC]
            S.node[b, PE] = max(F.node[b, OPENS] - ahead, S.node[a, PE]) - wait
            S.node[b, PL] = min(F.node[b, CLOSES] - ahead, S.node[a, PL])
        S.node[b, POS] = S.node[a, POS] + 1
        if b < F.num[JOBS]:
            count += 1
            S.node[b, VEH] = v
            if F.num[HAS_TRAITS]:
                S.node[b, SEEN_TRAITS] = S.node[a, SEEN_TRAITS] | F.node[b, TRAITS]
            if F.num[HAS_PAIRS]:
                h = F.node[b, HALF]
                S.node[b, OPEN_PAIRS] = S.node[a, OPEN_PAIRS] + (1 if h == 1 else (-1 if h == 2 else 0))
        else:
            S.node[b, OPEN_PAIRS], S.node[b, SEEN_TRAITS] = S.node[a, OPEN_PAIRS], S.node[a, SEEN_TRAITS]
            if b >= F.num[JOBS] + 2 * F.num[VEHICLES]:
                S.node[b, VEH] = v
        a = b
    S.node[end, L], S.node[end, SD], S.node[end, SE], S.node[end, LEFT_TRAITS] = (
        F.node[end, CLOSES],
        0,
        F.node[end, OPENS],
        0,
    )
    b = end
    while b != start:
        a = S.node[b, PRV]
        t = S.node[b, LT] + setup_before(F, a, b)
        ahead = F.node[a, SVC] + t
        S.node[a, L] = min(F.node[a, CLOSES], S.node[b, L] - ahead)
        if F.num[DURATION]:
            wait = max(S.node[b, SE] - ahead - F.node[a, CLOSES], 0)
            S.node[a, SD] = ahead + S.node[b, SD] + wait
            S.node[a, SE] = max(S.node[b, SE] - ahead, F.node[a, OPENS]) - wait
        if F.num[HAS_TRAITS]:
            S.node[a, LEFT_TRAITS] = S.node[b, LEFT_TRAITS] | F.node[a, TRAITS]
        b = a
    if F.num[HAS_LOADS]:
        _weigh(F, S, start, end)
    S.fleet[v, COUNT], S.fleet[v, METRES], S.fleet[v, DRIVING] = count, metres, driving
    S.fleet[v, TOUR_TRAITS] = S.node[start, LEFT_TRAITS]
    S.fleet[v, SECONDS] = S.node[start, SD]
    S.fleet[v, SOFT] = 0
    S.fleet[v, COST] = worth(F, v, metres, S.fleet[v, SECONDS]) if count else 0


@part
def _weigh(F, S, start, end):
    """Loads trip by trip: what is still to hand over, what has been collected, what pairs have aboard."""
    first_reload = F.num[JOBS] + 2 * F.num[VEHICLES]
    for d in range(F.num[DIMENSIONS]):
        out = 0
        b = end
        while b != start:
            S.node[b, CARRIED + 5 * d + OUT_AFTER] = out
            # A reload carries what its own trip hands over.
            out = 0 if b >= first_reload else out + F.node[b, LOADS + 3 * d + GIVE]
            b = S.node[b, PRV]
        S.node[start, CARRIED + 5 * d + OUT_AFTER] = out
        back, paired, heaviest = 0, 0, 0
        a = start
        while True:
            if a >= first_reload or a == start:
                back, paired, heaviest = 0, 0, 0
            else:
                back += F.node[a, LOADS + 3 * d + TAKE]
                paired += F.node[a, LOADS + 3 * d + PAIRLOAD]
            S.node[a, CARRIED + 5 * d + IN_UPTO] = back
            S.node[a, CARRIED + 5 * d + LOAD] = S.node[a, CARRIED + 5 * d + OUT_AFTER] + back + paired
            heaviest = max(heaviest, S.node[a, CARRIED + 5 * d + LOAD])
            S.node[a, CARRIED + 5 * d + BEFORE] = heaviest
            if a == end:
                break
            a = S.node[a, NXT]
        heaviest = 0
        b = end
        while True:
            heaviest = max(heaviest, S.node[b, CARRIED + 5 * d + LOAD])
            S.node[b, CARRIED + 5 * d + AFTER] = heaviest
            if b == start:
                break
            if b >= first_reload:
                heaviest = 0
            b = S.node[b, PRV]


@part
def touch(F, S, v):
    """Keep the tour as it was before this step, once."""
    if S.fleet[v, TOUCHED_MARK] == S.now[STEPS]:
        return
    S.fleet[v, TOUCHED_MARK] = S.now[STEPS]
    number = S.now[TOUCHED]
    S.fleet[number, TOUCHED_TOUR] = v
    at = S.fleet[number, SAVED_AT]
    a = S.node[F.num[JOBS] + v, NXT]
    end = F.num[JOBS] + F.num[VEHICLES] + v
    while a != end:
        S.node[at, SAVED] = a
        at += 1
        a = S.node[a, NXT]
    S.fleet[number + 1, SAVED_AT] = at
    S.now[TOUCHED] = number + 1


@part
def unlink(F, S, c):
    """Take a node out of its tour; the tour's figures are stale until `refresh`."""
    a, b = S.node[c, PRV], S.node[c, NXT]
    S.node[a, NXT], S.node[b, PRV] = b, a
    S.node[c, VEH] = -1


@part
def link(F, S, c, p, v):
    """Put a node behind node p; the tour's figures are stale until `refresh`."""
    q = S.node[p, NXT]
    S.node[p, NXT], S.node[c, PRV] = c, p
    S.node[c, NXT], S.node[q, PRV] = q, c
    S.node[c, VEH] = v


@part
def set_free(F, S, v):
    """Bring the list of empty vehicles in line with the tour."""
    kind, at = F.fleet[v, KIND], S.fleet[v, FREE_AT]
    if S.node[F.num[JOBS] + v, NXT] == F.num[JOBS] + F.num[VEHICLES] + v:
        if at < 0:
            S.fleet[v, FREE_AT] = S.fleet[kind, FREE_COUNT]
            S.fleet[F.fleet[kind, KIND_FIRST] + S.fleet[kind, FREE_COUNT], FREE] = v
            S.fleet[kind, FREE_COUNT] += 1
    elif at >= 0:
        last = S.fleet[F.fleet[kind, KIND_FIRST] + S.fleet[kind, FREE_COUNT] - 1, FREE]
        S.fleet[F.fleet[kind, KIND_FIRST] + at, FREE] = last
        S.fleet[last, FREE_AT] = at
        S.fleet[v, FREE_AT] = -1
        S.fleet[kind, FREE_COUNT] -= 1


@part
def miss(F, S, c):
    """The node is in no tour."""
    S.node[c, ABSENT_AT] = S.now[MISSING]
    S.node[S.now[MISSING], ABSENT] = c
    S.now[MISSING] += 1
    S.now[LEFT] += F.node[c, PRICE]


@part
def found(F, S, c):
    """The node is in a tour again."""
    at = S.node[c, ABSENT_AT]
    S.now[MISSING] -= 1
    last = S.node[S.now[MISSING], ABSENT]
    S.node[at, ABSENT] = last
    S.node[last, ABSENT_AT] = at
    S.node[c, ABSENT_AT] = -1
    S.now[LEFT] -= F.node[c, PRICE]


@part
def take_stock(F, S, c, v, sign):
    """Count what the node takes from the vehicle's depot."""
    for product in range(F.num[PRODUCTS]):
        S.fleet[F.fleet[v, DEPOT], TAKEN + product] += sign * F.node[c, F.num[GOODS_AT] + product]


@part
def relink(F, S, v, first, last):
    """Make the tour of the saved nodes from first to below last."""
    a = F.num[JOBS] + v
    for at in range(first, last):
        c = S.node[at, SAVED]
        S.node[a, NXT], S.node[c, PRV] = c, a
        S.node[c, VEH] = v
        a = c
    end = F.num[JOBS] + F.num[VEHICLES] + v
    S.node[a, NXT], S.node[end, PRV] = end, a


@part
def keep_best(F, S):
    """Copy the plan as the best one."""
    at = 0
    for v in range(F.num[VEHICLES]):
        S.fleet[v, BEST_AT] = at
        end = F.num[JOBS] + F.num[VEHICLES] + v
        a = S.node[F.num[JOBS] + v, NXT]
        while a != end:
            S.node[at, BEST] = a
            at += 1
            a = S.node[a, NXT]
    S.fleet[F.num[VEHICLES], BEST_AT] = at
    S.now[BEST_TOURS], S.now[BEST_LEFT] = S.now[TOURS], S.now[LEFT]
