"""The search itself: ruin, recreate, accept by simulated annealing, exchange ends; and the phase that saves
vehicles."""

from __future__ import annotations

import math

from .changes import merge_trips, settle
from .columns import (
    ABSENT,
    BEST_LEFT,
    BEST_TOURS,
    BROKEN,
    COUNT,
    FIXED,
    HALF,
    HAS_STOCK,
    JOBS,
    LEFT,
    MISSES,
    MISSING,
    NXT,
    PRV,
    RELOADS,
    REMOVED,
    SAVED,
    SAVED_AT,
    STEPS,
    TOUCHED,
    TOUCHED_TOUR,
    TOURS,
    VEH,
    VEHICLES,
)
from .compiled import entry, part
from .facts import BIG
from .moves import arrange, recreate, ruin
from .state import chance, found, keep_best, miss, relink, send_home, take_stock, unlink
from .tails import tails

AFRESH, ANNEAL, SAVE_VEHICLES, TAKE_OVER = 0, 1, 2, 3


@part
def start_afresh(F, S):
    """Serve as many jobs as fit, looking everywhere, and keep the plan as the best."""
    begin_step(S)
    count = 0
    for at in range(S.now[MISSING]):
        c = S.node[at, ABSENT]
        if F.node[c, HALF] != 2:
            S.node[count, REMOVED] = c
            count += 1
    if count <= 400:
        arrange(F, S, count)
    recreate(F, S, count, False, F.num[JOBS] <= 400, True)
    count = 0
    for at in range(S.now[MISSING]):
        if F.node[S.node[at, ABSENT], HALF] != 2:
            S.node[count, REMOVED] = S.node[at, ABSENT]
            count += 1
    recreate(F, S, min(count, 200), False, True, True)
    keep_best(F, S)


@part
def begin_step(S):
    """From here on changed tours are kept as they are now."""
    S.now[STEPS] += 1
    S.now[TOUCHED] = 0
    S.fleet[0, SAVED_AT] = 0


@part
def undo(F, S):
    """Back to the plan at the beginning of the step."""
    for number in range(S.now[TOUCHED]):
        v = S.fleet[number, TOUCHED_TOUR]
        a, end = S.node[F.num[JOBS] + v, NXT], F.num[JOBS] + F.num[VEHICLES] + v
        while a != end:
            b = S.node[a, NXT]
            S.node[a, VEH] = -1
            if a < F.num[JOBS]:
                miss(F, S, a)
                if F.num[HAS_STOCK]:
                    take_stock(F, S, a, v, -1)
            a = b
    for number in range(S.now[TOUCHED]):
        v = S.fleet[number, TOUCHED_TOUR]
        relink(F, S, v, S.fleet[number, SAVED_AT], S.fleet[number + 1, SAVED_AT])
        for at in range(S.fleet[number, SAVED_AT], S.fleet[number + 1, SAVED_AT]):
            c = S.node[at, SAVED]
            if c < F.num[JOBS]:
                found(F, S, c)
                if F.num[HAS_STOCK]:
                    take_stock(F, S, c, v, 1)
        settle(F, S, v)


@part
def step(F, S, mean_removed, longest, opening):
    """One ruin and recreate; False when a tour came out of it that does not hold. `undo` brings the plan before
    back."""
    begin_step(S)
    out = S.now[MISSING]
    count = ruin(F, S, mean_removed, longest)
    # Those that were out before are tried, too; many of them by lot.
    share = 1.0 if out <= 40 else 40.0 / out
    for at in range(out):
        c = S.node[at, ABSENT]
        if F.node[c, HALF] != 2 and (share >= 1.0 or chance(S) < share):
            S.node[count, REMOVED] = c
            count += 1
    arrange(F, S, count)
    recreate(F, S, count, True, False, opening)
    if F.num[RELOADS]:
        for number in range(S.now[TOUCHED]):
            v = S.fleet[number, TOUCHED_TOUR]
            if S.fleet[v, COUNT]:
                merge_trips(F, S, v)
    for number in range(S.now[TOUCHED]):
        if S.fleet[S.fleet[number, TOUCHED_TOUR], BROKEN]:
            return False
    return True


@part
def run(F, S, steps, temperature, mean_removed, longest, exchanges):
    """So many steps at this temperature; how many bettered the best plan."""
    better = 0
    for _ in range(steps):
        before = S.now[TOURS] + S.now[LEFT]
        holds = step(F, S, mean_removed, longest, True)
        after = S.now[TOURS] + S.now[LEFT]
        if holds and after < before - temperature * math.log(max(chance(S), 1e-300)):
            if after < S.now[BEST_TOURS] + S.now[BEST_LEFT]:
                keep_best(F, S)
                better += 1
        else:
            undo(F, S)
        for _ in range(exchanges):
            if tails(F, S, temperature) and S.now[TOURS] + S.now[LEFT] < S.now[BEST_TOURS] + S.now[BEST_LEFT]:
                keep_best(F, S)
                better += 1
    return better


@part
def close_tour(F, S):
    """Empty the tour whose jobs are easiest to place elsewhere, by how often each was missing so far. True if done."""
    worst, chosen = BIG, -1
    for v in range(F.num[VEHICLES]):
        if S.fleet[v, COUNT] == 0:
            continue
        total, a, end, locked = 0, S.node[F.num[JOBS] + v, NXT], F.num[JOBS] + F.num[VEHICLES] + v, False
        while a != end:
            if a < F.num[JOBS]:
                total += S.node[a, MISSES]
                locked = locked or F.node[a, FIXED] > 0
            a = S.node[a, NXT]
        if not locked and total < worst:
            worst, chosen = total, v
    if chosen < 0:
        return False
    v = chosen
    a, end = S.node[F.num[JOBS] + v, NXT], F.num[JOBS] + F.num[VEHICLES] + v
    while a != end:
        b = S.node[a, NXT]
        unlink(F, S, a)
        if a < F.num[JOBS]:
            miss(F, S, a)
            if F.num[HAS_STOCK]:
                take_stock(F, S, a, v, -1)
        a = b
    settle(F, S, v)
    return True


@part
def missing(F, S):
    """How often the jobs now missing have been missing."""
    total = 0
    for at in range(S.now[MISSING]):
        total += S.node[S.node[at, ABSENT], MISSES]
    return total


@part
def run_fleet(F, S, steps, temperature, mean_removed, longest, exchanges):
    """So many steps with no vehicle opened: a step that misses jobs less hard to place is accepted; once none is
    missing the plan is kept and another tour closed. How many tours were closed for good."""
    closed = 0
    hard = missing(F, S)
    for _ in range(steps):
        if S.now[MISSING] == 0:
            if S.now[TOURS] + S.now[LEFT] < S.now[BEST_TOURS] + S.now[BEST_LEFT]:
                keep_best(F, S)
                closed += 1
            begin_step(S)
            if not close_tour(F, S):
                return closed
            hard = missing(F, S)
        before, out = S.now[TOURS], S.now[MISSING]
        holds = step(F, S, mean_removed, longest, False)
        now_hard = missing(F, S)
        accepted = holds and now_hard < hard
        if holds and not accepted and S.now[MISSING] <= out:
            accepted = S.now[TOURS] < before - temperature * math.log(max(chance(S), 1e-300))
        for at in range(S.now[MISSING]):
            S.node[S.node[at, ABSENT], MISSES] += 1
        if accepted:
            hard = missing(F, S)
        else:
            undo(F, S)
            hard = missing(F, S)
        for _ in range(exchanges):
            tails(F, S, temperature)
    return closed


@part
def load_plan(F, S):
    """Make the current plan of the saved tours: vehicle v has those from its `SAVED_AT` to that of the next. True when
    every tour is feasible."""
    S.now[STEPS] += 1
    S.now[TOUCHED] = 0
    good = True
    for v in range(F.num[VEHICLES]):
        a, end = S.node[F.num[JOBS] + v, NXT], F.num[JOBS] + F.num[VEHICLES] + v
        while a != end:
            b = S.node[a, NXT]
            S.node[a, VEH] = -1
            if a < F.num[JOBS]:
                miss(F, S, a)
                if F.num[HAS_STOCK]:
                    take_stock(F, S, a, v, -1)
            a = b
        S.node[F.num[JOBS] + v, NXT], S.node[end, PRV] = end, F.num[JOBS] + v
    for v in range(F.num[VEHICLES]):
        relink(F, S, v, S.fleet[v, SAVED_AT], S.fleet[v + 1, SAVED_AT])
        for k in range(S.fleet[v, SAVED_AT], S.fleet[v + 1, SAVED_AT]):
            c = S.node[k, SAVED]
            if c < F.num[JOBS]:
                found(F, S, c)
                if F.num[HAS_STOCK]:
                    take_stock(F, S, c, v, 1)
        good = settle(F, S, v) and good
    return good


@entry
def search(F, S, task, steps, temperature, mean_removed, longest, exchanges):
    """The one door of the compiled search, so that everything is compiled once.

    Args:
        task: `AFRESH`, `ANNEAL`, `SAVE_VEHICLES` or `TAKE_OVER`; see `start_afresh`, `run`, `run_fleet` and
        `load_plan`.
    """
    if task == AFRESH:
        send_home(F, S)
        start_afresh(F, S)
        return 1
    if task == ANNEAL:
        return run(F, S, steps, temperature, mean_removed, longest, exchanges)
    if task == SAVE_VEHICLES:
        return run_fleet(F, S, steps, temperature, mean_removed, longest, exchanges)
    return 1 if load_plan(F, S) else 0
