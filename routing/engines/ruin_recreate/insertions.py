"""Where a job or a pair fits best, and what it costs there: the checks that take constant time."""

from __future__ import annotations

import numba

from .columns import (
    AFTER,
    BEFORE,
    CARRIED,
    CLASHES,
    CLOSES,
    COST,
    COST_FIXED,
    COST_METRE,
    COUNT,
    DEPOT,
    DIMENSIONS,
    DRIVING,
    DURATION,
    EXACT,
    FIRST_MIXED,
    FIXED,
    FREE,
    FREE_COUNT,
    GAP_COST,
    GAP_K,
    GAP_P,
    GAP_T,
    GAP_V,
    GIVE,
    GOODS_AT,
    HALF,
    HAS_LIMITS,
    HAS_LOADS,
    HAS_STOCK,
    HAS_TRAITS,
    IN_UPTO,
    JOBS,
    KIND,
    KIND_FIRST,
    KINDS,
    LINE,
    LM,
    LOAD,
    LOADS,
    LT,
    MAX_DRIVING,
    MAX_METRES,
    MAX_SECONDS,
    MAX_STOPS,
    METRES,
    NEAR_COUNT,
    NXT,
    OPENS,
    OUT_AFTER,
    PAIRLOAD,
    PARTNER,
    PD,
    PL,
    PLACE,
    PRODUCTS,
    PROFILE,
    PRV,
    RANK,
    RELOAD_FIRST_NODE,
    RELOAD_LAST,
    ROOM,
    SD,
    SE,
    SECOND_PRICE,
    SECONDS,
    SOFT,
    STAMP,
    STAMPS,
    STOCK_AT,
    SVC,
    TAKE,
    TAKEN,
    TOUR_TRAITS,
    TRIPS,
    VEH,
    VEHICLES,
    E,
    L,
)
from .compiled import part
from .drive import drive
from .facts import BIG, IN_ORDER, IN_PREFIX
from .state import chance, setup_before, worth

BLINK = 0.01
#: How many insertions are driven through when the O(1) checks cannot say what they cost.
TRIED = 3
PLAIN, RELOAD_FIRST, RELOAD_AFTER = 0, 1, 2


@part
def gap(F, S, v, p, q, c, limit):
    """What it costs to put job c between nodes p and q of vehicle v's tour; BIG when it may not be or costs `limit`."""
    road, pf = F.road, F.fleet[v, PROFILE]
    a, x, b = F.node[p, PLACE], F.node[c, PLACE], F.node[q, PLACE]
    more = numba.int64(road[pf, a, x, 1]) + numba.int64(road[pf, x, b, 1]) - S.node[q, LM]
    cost = F.fleet[v, COST_METRE] * more
    if S.fleet[v, COUNT] == 0:
        cost += F.fleet[v, COST_FIXED]
    if not F.num[DURATION] and cost >= limit:
        return BIG
    t1 = numba.int64(road[pf, a, x, 0])
    begin = max(F.node[c, OPENS], S.node[p, E] + F.node[p, SVC] + t1 + setup_before(F, p, c))
    if begin > F.node[c, CLOSES]:
        return BIG
    t2 = numba.int64(road[pf, x, b, 0])
    if begin + F.node[c, SVC] + t2 + setup_before(F, c, q) > S.node[q, L]:
        return BIG
    if F.num[HAS_LOADS]:
        for d in range(F.num[DIMENSIONS]):
            room = F.fleet[v, ROOM + d]
            if (
                S.node[p, CARRIED + 5 * d + BEFORE] + F.node[c, LOADS + 3 * d + GIVE] > room
                or S.node[p, CARRIED + 5 * d + AFTER] + F.node[c, LOADS + 3 * d + TAKE] > room
            ):
                return BIG
    if F.num[HAS_LIMITS] and not _within(F, S, v, c, q, more, t1 + t2 - S.node[q, LT]):
        return BIG
    if F.num[HAS_TRAITS] and S.fleet[v, TOUR_TRAITS] & F.node[c, CLASHES]:
        return BIG
    if F.num[HAS_STOCK] and not _in_stock(F, S, v, c):
        return BIG
    if F.fleet[v, FIRST_MIXED] and not _sorted(F, S, p, c):
        return BIG
    if F.num[DURATION]:
        seconds = _seconds(F, S, p, q, c, t1 + setup_before(F, p, c), t2 + setup_before(F, c, q))
        if seconds > F.fleet[v, MAX_SECONDS]:
            return BIG
        cost = worth(F, v, S.fleet[v, METRES] + more, seconds)
        cost -= worth(F, v, S.fleet[v, METRES], S.fleet[v, SECONDS]) if S.fleet[v, COUNT] else 0
    if F.num[EXACT]:
        cost += F.node[c, SECOND_PRICE] * max(0, begin)
        delay = begin + F.node[c, SVC] + t2 - S.node[q, E]
        if delay > 0 and S.fleet[v, SOFT] > 0:
            cost += S.fleet[v, SOFT] * delay
    return cost if cost < limit else BIG


@part
def _seconds(F, S, p, q, c, t1, t2):
    """Shortest duration of the tour with c between p and q: segment, node and segment joined."""
    ahead = S.node[p, PD] + t1
    wait = max(F.node[c, OPENS] - ahead - S.node[p, PL], 0)
    latest = min(F.node[c, CLOSES] - ahead, S.node[p, PL])
    ahead += wait + F.node[c, SVC] + t2
    return ahead + S.node[q, SD] + max(S.node[q, SE] - ahead - latest, 0)


@part
def _within(F, S, v, c, q, metres, driving):
    return (
        S.fleet[v, COUNT] + 1 <= F.fleet[v, MAX_STOPS]
        and S.fleet[v, METRES] + metres <= F.fleet[v, MAX_METRES]
        and S.fleet[v, DRIVING] + driving <= F.fleet[v, MAX_DRIVING]
    )


@part
def _in_stock(F, S, v, c):
    for product in range(F.num[PRODUCTS]):
        if (
            F.node[c, F.num[GOODS_AT] + product]
            and S.fleet[F.fleet[v, DEPOT], TAKEN + product] + F.node[c, F.num[GOODS_AT] + product]
            > F.fleet[F.fleet[v, DEPOT], F.num[STOCK_AT] + product]
        ):
            return False
    return True


@part
def _sorted(F, S, p, c):
    """Where deliveries come first: nothing collected before c delivers, nothing delivered after c collects."""
    if F.node[c, HALF]:
        return True
    gives, takes = False, False
    for d in range(F.num[DIMENSIONS]):
        gives = gives or F.node[c, LOADS + 3 * d + GIVE] > 0
        takes = takes or F.node[c, LOADS + 3 * d + TAKE] > 0
    for d in range(F.num[DIMENSIONS]):
        if (gives and S.node[p, CARRIED + 5 * d + IN_UPTO] > 0) or (
            takes and S.node[p, CARRIED + 5 * d + OUT_AFTER] > 0
        ):
            return False
    return True


@part
def gap_of_pair(F, S, v, p, c, limit):
    """Cheapest place for both halves of a pair when the pickup c goes behind node p: cost and the node the delivery
    goes behind (c itself when straight after it)."""
    road, pf = F.road, F.fleet[v, PROFILE]
    g = F.node[c, PARTNER]
    q = S.node[p, NXT]
    end = F.num[JOBS] + F.num[VEHICLES] + v
    x, y = F.node[c, PLACE], F.node[g, PLACE]
    m_in = numba.int64(road[pf, F.node[p, PLACE], x, 1])
    more = m_in + numba.int64(road[pf, x, F.node[q, PLACE], 1]) - S.node[q, LM]
    base = F.fleet[v, COST_METRE] * more
    opening = F.fleet[v, COST_FIXED] if S.fleet[v, COUNT] == 0 else 0
    begin = max(
        F.node[c, OPENS],
        S.node[p, E] + F.node[p, SVC] + numba.int64(road[pf, F.node[p, PLACE], x, 0]) + setup_before(F, p, c),
    )
    if begin > F.node[c, CLOSES]:
        return BIG, -1
    if F.num[HAS_LIMITS] and S.fleet[v, COUNT] + 2 > F.fleet[v, MAX_STOPS]:
        return BIG, -1
    if F.num[HAS_TRAITS] and S.fleet[v, TOUR_TRAITS] & (F.node[c, CLASHES] | F.node[g, CLASHES]):
        return BIG, -1
    for d in range(F.num[DIMENSIONS]):
        if S.node[p, CARRIED + 5 * d + LOAD] + F.node[c, LOADS + 3 * d + PAIRLOAD] > F.fleet[v, ROOM + d]:
            return BIG, -1
    best, behind = limit, -1
    leave = begin + F.node[c, SVC]
    # Straight after the pickup.
    straight = m_in + numba.int64(road[pf, x, y, 1]) + numba.int64(road[pf, y, F.node[q, PLACE], 1]) - S.node[q, LM]
    cost = F.fleet[v, COST_METRE] * straight + opening
    if cost < best:
        at = max(F.node[g, OPENS], leave + numba.int64(road[pf, x, y, 0]) + setup_before(F, c, g))
        home = at + F.node[g, SVC] + numba.int64(road[pf, y, F.node[q, PLACE], 0]) + setup_before(F, g, q)
        if at <= F.node[g, CLOSES] and home <= S.node[q, L]:
            best, behind = cost, c
    # Further on: drive the tour with the pickup in it.
    a, now, k = c, leave, q
    first_reload = F.num[JOBS] + 2 * F.num[VEHICLES]
    while k != end and k < first_reload:
        arrive = now + numba.int64(road[pf, F.node[a, PLACE], F.node[k, PLACE], 0]) + setup_before(F, a, k)
        at_k = max(F.node[k, OPENS], arrive)
        if at_k > S.node[k, L]:
            break
        full = False
        for d in range(F.num[DIMENSIONS]):
            full = (
                full or S.node[k, CARRIED + 5 * d + LOAD] + F.node[c, LOADS + 3 * d + PAIRLOAD] > F.fleet[v, ROOM + d]
            )
        if full:
            break
        now = at_k + F.node[k, SVC]
        after = S.node[k, NXT]
        m = (
            numba.int64(road[pf, F.node[k, PLACE], y, 1])
            + numba.int64(road[pf, y, F.node[after, PLACE], 1])
            - S.node[after, LM]
        )
        cost = base + F.fleet[v, COST_METRE] * m + opening
        if cost < best:
            at = max(F.node[g, OPENS], now + numba.int64(road[pf, F.node[k, PLACE], y, 0]) + setup_before(F, k, g))
            if at > F.node[g, CLOSES]:
                break
            if (
                at + F.node[g, SVC] + numba.int64(road[pf, y, F.node[after, PLACE], 0]) + setup_before(F, g, after)
                <= S.node[after, L]
            ):
                best, behind = cost, k
        elif now + numba.int64(road[pf, F.node[k, PLACE], y, 0]) > F.node[g, CLOSES]:
            break
        a, k = k, after
    if behind >= 0 and F.num[HAS_LIMITS] and not _pair_within(F, S, v, p, c, g, behind):
        return BIG, -1
    return (best, behind) if behind >= 0 else (BIG, -1)


@part
def _pair_within(F, S, v, p, c, g, behind):
    road, pf = F.road, F.fleet[v, PROFILE]
    q = S.node[p, NXT]
    metres, driving = S.fleet[v, METRES], S.fleet[v, DRIVING]
    if behind == c:
        trail = ((p, c, 1), (c, g, 1), (g, q, 1), (p, q, -1))
    else:
        after = S.node[behind, NXT]
        trail = ((p, c, 1), (c, q, 1), (p, q, -1), (behind, g, 1))
        metres += numba.int64(road[pf, F.node[g, PLACE], F.node[after, PLACE], 1]) - S.node[after, LM]
        driving += numba.int64(road[pf, F.node[g, PLACE], F.node[after, PLACE], 0]) - S.node[after, LT]
    for a, b, sign in trail:
        driving += sign * numba.int64(road[pf, F.node[a, PLACE], F.node[b, PLACE], 0])
        metres += sign * numba.int64(road[pf, F.node[a, PLACE], F.node[b, PLACE], 1])
    return metres <= F.fleet[v, MAX_METRES] and driving <= F.fleet[v, MAX_DRIVING]


@part
def _note(S, count, cost, v, p, k, t):
    """Remember one possible insertion."""
    if count < S.node.shape[0]:
        (
            S.node[count, GAP_COST],
            S.node[count, GAP_V],
            S.node[count, GAP_P],
            S.node[count, GAP_K],
            S.node[count, GAP_T],
        ) = cost, v, p, k, t
        return count + 1
    return count


@part
def _look(F, S, c, v, p, limit, count):
    """Look at one position: its cost and, in exact problems, a note of it. Cost, where the delivery goes, notes."""
    q = S.node[p, NXT]
    if F.node[q, FIXED] == IN_PREFIX or (F.node[c, FIXED] and not _in_order(F, S, v, p, c)):
        return BIG, -1, count
    k = -1
    if F.node[c, HALF]:
        cost, k = gap_of_pair(F, S, v, p, c, limit)
    else:
        cost = gap(F, S, v, p, q, c, limit)
    if F.num[EXACT]:
        if cost < BIG:
            count = _note(S, count, cost, v, p, k, PLAIN)
        elif F.fleet[v, TRIPS] > 1 and not F.node[c, HALF]:
            count = _look_with_reload(F, S, c, v, p, q, limit, count)
    return cost, k, count


@part
def _in_order(F, S, v, p, c):
    """A locked job c may stand behind p: those of its order that come before it stand before it. None joins a
    prefix."""
    if F.node[c, FIXED] == IN_PREFIX:
        return False
    a, end, passed = F.num[JOBS] + v, F.num[JOBS] + F.num[VEHICLES] + v, False
    while a != end:
        if F.node[a, FIXED] == IN_ORDER and (F.node[a, RANK] > F.node[c, RANK]) != passed:
            return False
        passed = passed or a == p
        a = S.node[a, NXT]
    return True


@part
def _look_with_reload(F, S, c, v, p, q, limit, count):
    """Note job c behind p with a reload before or after it, where a trip is left."""
    if spare_reload(F, S, v) < 0 or S.fleet[v, COUNT] == 0:
        return count
    if F.num[HAS_STOCK] and not _in_stock(F, S, v, c):
        return count
    road, pf = F.road, F.fleet[v, PROFILE]
    depot, a, x, b = F.node[F.num[JOBS] + v, PLACE], F.node[p, PLACE], F.node[c, PLACE], F.node[q, PLACE]
    first_reload = F.num[JOBS] + 2 * F.num[VEHICLES]
    over = numba.int64(road[pf, depot, x, 1])
    if p < F.num[JOBS]:
        more = numba.int64(road[pf, a, depot, 1]) + over + numba.int64(road[pf, x, b, 1]) - S.node[q, LM]
        cost = F.fleet[v, COST_METRE] * more
        if cost < limit:
            count = _note(S, count, cost, v, p, -1, RELOAD_FIRST)
    if q < F.num[JOBS]:
        more = numba.int64(road[pf, a, x, 1]) + numba.int64(road[pf, x, depot, 1])
        more += numba.int64(road[pf, depot, b, 1]) - S.node[q, LM]
        cost = F.fleet[v, COST_METRE] * more
        if cost < limit and p < first_reload:
            count = _note(S, count, cost, v, p, -1, RELOAD_AFTER)
    return count


@part
def spare_reload(F, S, v):
    """A reload the vehicle has not used yet; -1 when there is none."""
    for node in range(F.fleet[v, RELOAD_FIRST_NODE], F.fleet[v, RELOAD_LAST]):
        if S.node[node, VEH] < 0:
            return node
    return -1


@part
def best_gap(F, S, c, blink, everywhere, opening, limit):
    """The cheapest insertion of job c (of its pair, when it is the pickup of one): cost, vehicle, node before, node
    before the delivery, and whether a reload goes with it.

    Looks beside the near jobs, into one empty vehicle of each kind when `opening`, and `everywhere` when asked.
    """
    S.now[STAMPS] += 1
    now = S.now[STAMPS]
    best, best_v, best_p, best_k, count = limit, -1, -1, -1, 0
    for k in range(F.num[NEAR_COUNT]):
        m = F.near[c, k]
        v = S.node[m, VEH]
        if v < 0 or not F.kmask[c, F.fleet[v, KIND]]:
            continue
        for side in range(2):
            p = S.node[m, PRV] if side == 0 else m
            if S.node[p, STAMP] == now or (blink and chance(S) < BLINK):
                continue
            S.node[p, STAMP] = now
            cost, behind, count = _look(F, S, c, v, p, BIG if F.num[EXACT] else best, count)
            if cost < best:
                best, best_v, best_p, best_k = cost, v, p, behind
    if opening:
        for kind in range(F.num[KINDS]):
            if S.fleet[kind, FREE_COUNT] == 0 or not F.kmask[c, kind]:
                continue
            v = S.fleet[F.fleet[kind, KIND_FIRST] + S.fleet[kind, FREE_COUNT] - 1, FREE]
            cost, behind, count = _look(F, S, c, v, F.num[JOBS] + v, BIG if F.num[EXACT] else best, count)
            if cost < best:
                best, best_v, best_p, best_k = cost, v, F.num[JOBS] + v, behind
    if everywhere or (best_v < 0 and count == 0 and chance(S) < 0.1):
        for v in range(F.num[VEHICLES]):
            if S.fleet[v, COUNT] == 0 or not F.kmask[c, F.fleet[v, KIND]]:
                continue
            p, end = F.num[JOBS] + v, F.num[JOBS] + F.num[VEHICLES] + v
            while p != end:
                cost, behind, count = _look(F, S, c, v, p, BIG if F.num[EXACT] else best, count)
                if cost < best:
                    best, best_v, best_p, best_k = cost, v, p, behind
                p = S.node[p, NXT]
    if not F.num[EXACT]:
        return best, best_v, best_p, best_k, PLAIN
    return _driven(F, S, c, count, limit)


@part
def _driven(F, S, c, count, limit):
    """The cheapest of the noted insertions that stands when the whole tour is driven."""
    best, choice, good, tried = limit, -1, 0, 0
    while good < TRIED and tried < 4 * TRIED:
        at = -1
        for k in range(count):
            if S.node[k, GAP_COST] < BIG and (at < 0 or S.node[k, GAP_COST] < S.node[at, GAP_COST]):
                at = k
        if at < 0:
            break
        S.node[at, GAP_COST] = BIG
        tried += 1
        v = S.node[at, GAP_V]
        length = line_with(F, S, v, c, S.node[at, GAP_P], S.node[at, GAP_K], S.node[at, GAP_T])
        cost, _, _ = drive(F, S, v, length)
        if cost >= BIG:
            continue
        good += 1
        if cost - S.fleet[v, COST] < best:
            best, choice = cost - S.fleet[v, COST], at
    if choice < 0:
        return BIG, -1, -1, -1, PLAIN
    return best, S.node[choice, GAP_V], S.node[choice, GAP_P], S.node[choice, GAP_K], S.node[choice, GAP_T]


@part
def line_with(F, S, v, c, p, k, t):
    """Write the tour of v with job c behind p (its delivery behind k) into `S.line`; how many nodes it has."""
    length = 0
    a, end = F.num[JOBS] + v, F.num[JOBS] + F.num[VEHICLES] + v
    g = F.node[c, PARTNER]
    while a != end:
        if a != F.num[JOBS] + v:
            S.node[length, LINE] = a
            length += 1
            if a == k:
                S.node[length, LINE] = g
                length += 1
        if a == p:
            if t == RELOAD_FIRST:
                S.node[length, LINE] = spare_reload(F, S, v)
                length += 1
            S.node[length, LINE] = c
            length += 1
            if k == c:
                S.node[length, LINE] = g
                length += 1
            if t == RELOAD_AFTER:
                S.node[length, LINE] = spare_reload(F, S, v)
                length += 1
        a = S.node[a, NXT]
    return length
