"""Which days people work: Monday to Friday without the public holidays of the country."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import holidays

_WEEKEND = 5
#: No chain of days off is longer; a search that passes it has met a broken calendar.
_LONGEST_BREAK = 60


def is_working_day(day: date, country: str = "", subdivision: str | None = None) -> bool:
    """Whether people work on this day.

    Args:
        country: two letters (ISO 3166-1); one that is unknown or empty has no holidays, only weekends.
        subdivision: of the country, as `holidays` names them, for instance `57` for the Moselle; unknown = none.
    """
    return day.weekday() < _WEEKEND and day not in _holidays(country.upper(), subdivision, day.year)


def working_day(day: date, n: int, country: str = "", subdivision: str | None = None) -> date:
    """The n-th working day after `day`; for n = 0 the day itself, or the next working day when it is none.

    Args:
        n: 0 or more.
        country, subdivision: as for `is_working_day`.

    Raises:
        ValueError: n is below zero.
    """
    if n < 0:
        raise ValueError(f"{n} working days ahead lie in the past")
    found = day
    if n == 0:
        return _first_from(found, country, subdivision)
    for _ in range(n):
        found = _first_from(found + timedelta(days=1), country, subdivision)
    return found


def _first_from(day: date, country: str, subdivision: str | None) -> date:
    for ahead in range(_LONGEST_BREAK):
        if is_working_day(found := day + timedelta(days=ahead), country, subdivision):
            return found
    raise ValueError(f"no working day within {_LONGEST_BREAK} days after {day.isoformat()}")


@lru_cache(maxsize=256)
def _holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    known = holidays.list_supported_countries()
    if country not in known:
        return frozenset()
    within = subdivision if subdivision in known[country] else None
    return frozenset(holidays.country_holidays(country, subdiv=within, years=year))
