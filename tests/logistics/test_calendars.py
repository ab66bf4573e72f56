"""Working days: weekends and public holidays of the country are none."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logistics.calendars import is_working_day, working_day

#: In 2026 the assumption of Mary is a Saturday; 14 July a Tuesday; Monaco's national day, 19 November, a Thursday.
FRIDAY = date(2026, 11, 13)


@pytest.mark.parametrize(
    ("day", "country", "works"),
    [
        (FRIDAY, "FR", True),
        (date(2026, 11, 14), "FR", False),
        (date(2026, 11, 15), "", False),
        (date(2026, 7, 14), "FR", False),
        (date(2026, 7, 14), "MC", True),
        (date(2026, 11, 19), "MC", False),
        (date(2026, 11, 19), "fr", True),
        (date(2026, 7, 14), "XX", True),
        (date(2026, 7, 14), "", True),
    ],
)
def test_a_country_has_its_own_days_off(day, country, works):
    assert is_working_day(day, country) is works


def test_a_region_may_have_more_days_off_than_its_country():
    good_friday = date(2026, 4, 3)

    assert is_working_day(good_friday, "FR")
    assert not is_working_day(good_friday, "FR", "57")
    assert is_working_day(good_friday, "FR", "no such part")


@pytest.mark.parametrize(
    ("day", "n", "country", "found"),
    [
        (FRIDAY, 0, "FR", FRIDAY),
        (FRIDAY, 1, "FR", date(2026, 11, 16)),
        (date(2026, 11, 14), 0, "FR", date(2026, 11, 16)),
        (date(2026, 11, 18), 1, "MC", date(2026, 11, 20)),
        (date(2026, 12, 24), 1, "FR", date(2026, 12, 28)),
        (FRIDAY, 5, "", date(2026, 11, 20)),
    ],
)
def test_working_days_are_counted_over_weekends_and_holidays(day, n, country, found):
    assert working_day(day, n, country) == found


def test_no_working_day_is_counted_backwards():
    with pytest.raises(ValueError, match="past"):
        working_day(FRIDAY, -1)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 30), st.sampled_from(["FR", "MC", "LI", ""]))
def test_between_a_day_and_the_nth_after_it_lie_n_working_days(day, n, country):
    found = working_day(day, n, country)

    between = [day + timedelta(days=ahead) for ahead in range(1, (found - day).days + 1)]
    assert sum(is_working_day(one, country) for one in between) == n
    assert is_working_day(found, country)
