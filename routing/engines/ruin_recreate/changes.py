"""Changes of the plan: put in, take out, and settle what a tour costs then."""

from __future__ import annotations

from .columns import (
    BEGIN,
    BROKEN,
    COST,
    COUNT,
    EXACT,
    HALF,
    HAS_STOCK,
    JOBS,
    LINE,
    NXT,
    PARTNER,
    PRV,
    REMOVED,
    SECOND_PRICE,
    SECONDS,
    SOFT,
    TOURS,
    VEH,
    VEHICLES,
    E,
)
from .compiled import part
from .drive import drive
from .facts import BIG
from .insertions import RELOAD_AFTER, RELOAD_FIRST, spare_reload
from .state import found, link, miss, refresh, set_free, take_stock, touch, unlink


@part
def settle(F, S, v):
    """Figures of a changed tour anew; in exact problems the begins and the cost are those of driving it. True if
    good."""
    set_free(F, S, v)
    S.now[TOURS] -= S.fleet[v, COST]
    refresh(F, S, v)
    good = True
    if F.num[EXACT] and S.fleet[v, COUNT]:
        length = 0
        a, end = S.node[F.num[JOBS] + v, NXT], F.num[JOBS] + F.num[VEHICLES] + v
        while a != end:
            S.node[length, LINE] = a
            length += 1
            a = S.node[a, NXT]
        cost, seconds, _ = drive(F, S, v, length)
        good = cost < BIG
        if good:
            S.fleet[v, COST] = cost
            S.fleet[v, SECONDS] = seconds
            soft = 0
            for at in range(length):
                c = S.node[at, LINE]
                S.node[c, E] = max(S.node[c, E], S.node[at, BEGIN])
                if c < F.num[JOBS]:
                    soft += F.node[c, SECOND_PRICE]
            S.fleet[v, SOFT] = soft // 2
    S.fleet[v, BROKEN] = not good
    S.now[TOURS] += S.fleet[v, COST]
    return good


@part
def put(F, S, c, v, p, k, t):
    """Insert job c (with its pair) behind p as `best_gap` found."""
    touch(F, S, v)
    if t == RELOAD_FIRST:
        r = spare_reload(F, S, v)
        link(F, S, r, p, v)
        p = r
    link(F, S, c, p, v)
    if t == RELOAD_AFTER:
        link(F, S, spare_reload(F, S, v), c, v)
    found(F, S, c)
    if F.num[HAS_STOCK]:
        take_stock(F, S, c, v, 1)
    if F.node[c, HALF]:
        link(F, S, F.node[c, PARTNER], k, v)
        found(F, S, F.node[c, PARTNER])
    settle(F, S, v)


@part
def take_out(F, S, c, count):
    """Take job c, and its other half, out of its tour into the list of removed ones; how many that list has."""
    v = S.node[c, VEH]
    touch(F, S, v)
    unlink(F, S, c)
    miss(F, S, c)
    if F.num[HAS_STOCK]:
        take_stock(F, S, c, v, -1)
    if F.node[c, HALF] == 2:
        c = F.node[c, PARTNER]
        unlink(F, S, c)
        miss(F, S, c)
    elif F.node[c, HALF] == 1:
        unlink(F, S, F.node[c, PARTNER])
        miss(F, S, F.node[c, PARTNER])
    S.node[count, REMOVED] = c
    return count + 1


@part
def drop_reloads(F, S, v):
    """Take out reloads that part nothing any more."""
    first_reload = F.num[JOBS] + 2 * F.num[VEHICLES]
    a, start, end = S.node[F.num[JOBS] + v, NXT], F.num[JOBS] + v, F.num[JOBS] + F.num[VEHICLES] + v
    while a != end:
        b = S.node[a, NXT]
        if a >= first_reload and (S.node[a, PRV] == start or S.node[a, PRV] >= first_reload or b == end):
            unlink(F, S, a)
        a = b


@part
def merge_trips(F, S, v):
    """Take out reloads without which the tour is cheaper."""
    first_reload = F.num[JOBS] + 2 * F.num[VEHICLES]
    a, end = S.node[F.num[JOBS] + v, NXT], F.num[JOBS] + F.num[VEHICLES] + v
    while a != end:
        b = S.node[a, NXT]
        if a >= first_reload:
            length = 0
            k = S.node[F.num[JOBS] + v, NXT]
            while k != end:
                if k != a:
                    S.node[length, LINE] = k
                    length += 1
                k = S.node[k, NXT]
            cost, _, _ = drive(F, S, v, length)
            if cost < S.fleet[v, COST]:
                unlink(F, S, a)
                settle(F, S, v)
        a = b
