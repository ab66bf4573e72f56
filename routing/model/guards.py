"""What every value is checked with; money and the bounds that keep all sums exact.

Money inside routing is a whole count of 1/18,000 cent: one cent per kilometre is 18 a metre, one cent an hour 5 a
second.
"""

from __future__ import annotations

from ..errors import InvalidProblem

MONEY_PER_CENT = 18_000
MONEY_PER_CENT_KM = 18
MONEY_PER_CENT_HOUR = 5
#: No time, load or price may exceed these, so that no sum over a plan leaves 64 bits.
LARGEST_TIME = 2**28
LARGEST_LOAD = 2**40
LARGEST_MONEY = 2**46
LARGEST_RATE = 2**24
#: What all jobs and tours of a problem may cost together, so that every engine's 64-bit sums are exact.
LARGEST_COST = 2**61
#: More than this is refused with the figure instead of being tried for hours.
MOST_JOBS = 10_000
MOST_VEHICLES = 1_000
MOST_DIMENSIONS = 16
MOST_TRIPS = 100
LONGEST_ID = 200

Load = tuple[int, ...]


def cents(money: int) -> int:
    """Whole cents of an amount of routing money, rounded half up: once, for display."""
    return (2 * money + MONEY_PER_CENT) // (2 * MONEY_PER_CENT)


def whole(name: str, value: object, *, largest: int, least: int = 0) -> None:
    """Refuse what is no whole number from least to largest."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidProblem(f"{name}: {type(value).__name__} instead of a whole number")
    if not least <= value <= largest:
        raise InvalidProblem(f"{name}: {value} is not between {least} and {largest}")


def moment(name: str, value: object) -> None:
    """Refuse what is no whole second since the plan's zero."""
    whole(name, value, largest=LARGEST_TIME, least=-LARGEST_TIME)


def named(kind: str, value: object) -> None:
    """Refuse what is no usable id."""
    if not isinstance(value, str):
        raise InvalidProblem(f"{kind} id: {type(value).__name__} instead of a text")
    if not 0 < len(value) <= LONGEST_ID:
        raise InvalidProblem(f"{kind} id: {len(value)} signs instead of 1 to {LONGEST_ID}")


def be(name: str, value: object, kind: type | tuple[type, ...]) -> None:
    """Refuse what is not of this kind."""
    if not isinstance(value, kind):
        wanted = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
        raise InvalidProblem(f"{name}: {type(value).__name__} instead of {wanted}")


def tuple_of(name: str, values: object, kind: type) -> None:
    """Refuse what is no tuple of this kind."""
    be(name, values, tuple)
    for number, value in enumerate(values):  # type: ignore[arg-type, var-annotated]
        be(f"{name}[{number}]", value, kind)


def texts(name: str, value: object) -> None:
    """Refuse what is no frozen set of texts."""
    be(name, value, frozenset)
    if not all(isinstance(one, str) for one in value):  # type: ignore[attr-defined]
        raise InvalidProblem(f"{name}: holds something that is no text")


def loaded(name: str, load: object) -> None:
    """Refuse what is no tuple of amounts."""
    be(name, load, tuple)
    for amount in load:  # type: ignore[attr-defined]
        whole(name, amount, largest=LARGEST_LOAD)


def refuse_twice(kind: str, ids: list[str]) -> None:
    """Refuse an id that stands twice."""
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise InvalidProblem(f"{kind} {one} is there twice")
        seen.add(one)
