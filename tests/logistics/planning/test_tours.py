"""From routing's answer to stops at doors, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

import routing
from logistics.planning import TourFacts, drawn, modes_of, state_problem, tours_of
from tests.builders import ANTIBES, CAGNES, NICE
from tests.fakes import FakeRoads
from tests.logistics.planning.test_state_problem import JOB, SETTINGS, work


def driven(*jobs, order=None) -> TourFacts:
    """The tour of V1 that serves the jobs in this order."""
    told = work(*jobs)
    table = FakeRoads().matrix(told.points, modes_of(told))
    problem = state_problem(told, table, SETTINGS)
    plan = routing.assemble(problem, {"V1": order or [job.reference for job in jobs]}, engine="test")
    (tour,) = tours_of(told, problem, plan, table)
    return tour


@pytest.mark.parametrize(
    ("second", "stops"),
    [
        ((time(9), time(10)), [("O-1", "O-2")]),
        # It begins the moment the first one ends, but that door was opened before its window.
        ((time(9, 12), time(10)), [("O-1",), ("O-2",)]),
        # Somebody waits in between.
        ((time(9, 30), time(10)), [("O-1",), ("O-2",)]),
    ],
)
def test_orders_of_one_door_are_one_stop_when_one_window_fits_both(second, stops):
    first = replace(JOB, window_start=time(9), window_end=time(9, 1))
    other = replace(JOB, job_id=2, reference="O-2", window_start=second[0], window_end=second[1])

    tour = driven(first, other)

    assert [stop.references for stop in tour.stops] == stops
    assert all(stop.window_opens_at <= stop.service_starts_at <= stop.window_closes_at for stop in tour.stops)


def test_a_stop_of_two_orders_has_the_window_of_both_and_the_load_after_both():
    first = replace(JOB, kind="delivery", window_start=time(9), window_end=time(11))
    other = replace(JOB, job_id=2, reference="O-2", kind="pickup", window_start=time(8), window_end=time(10))

    (stop,) = driven(first, other).stops

    assert (stop.job_ids, stop.kind) == ((1, 2), "swap")
    assert stop.window_opens_at == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert stop.window_closes_at == datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert (stop.service_s, stop.load_weight_g) == (2 * 12 * 60, 2 * 1800)


def test_neighbours_are_never_one_stop():
    assert len(driven(JOB, replace(JOB, job_id=2, reference="O-2", employee_id=2)).stops) == 2


def test_a_line_goes_from_the_site_through_every_door_once_and_back():
    far = replace(JOB, job_id=3, reference="O-3", point=replace(JOB.point, lat=ANTIBES[0], lon=ANTIBES[1]))

    tour = driven(JOB, replace(JOB, job_id=2, reference="O-2", employee_id=2), far)

    assert drawn(tour, FakeRoads()) == (NICE, CAGNES, ANTIBES, NICE)
    assert tour.references == ("O-1", "O-2", "O-3")
