"""Who may drive where, which way and how fast, read from the tags of a road."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CAR = "car"
BIKE = "bike"
#: Ways of travelling a graph knows: vans drive as `car`, cargo bikes as `bike`.
MODES = (CAR, BIKE)

#: Free-flow speed of a car by class of road, km/h, where no limit is mapped.
CAR_KMH = {
    "motorway": 90.0,
    "motorway_link": 45.0,
    "trunk": 85.0,
    "trunk_link": 40.0,
    "primary": 65.0,
    "primary_link": 30.0,
    "secondary": 55.0,
    "secondary_link": 25.0,
    "tertiary": 40.0,
    "tertiary_link": 20.0,
    "unclassified": 25.0,
    "residential": 25.0,
    "road": 25.0,
    "living_street": 10.0,
    "service": 15.0,
}
#: What a car reaches of the limit on the sign.
SHARE_OF_LIMIT = 0.8
#: Free-flow speed of a loaded electric cargo bike, km/h.
BIKE_KMH = {
    "trunk": 20.0,
    "trunk_link": 20.0,
    "primary": 20.0,
    "primary_link": 20.0,
    "secondary": 20.0,
    "secondary_link": 20.0,
    "tertiary": 20.0,
    "tertiary_link": 20.0,
    "unclassified": 20.0,
    "residential": 20.0,
    "road": 20.0,
    "living_street": 12.0,
    "service": 15.0,
    "cycleway": 20.0,
    "track": 10.0,
    "path": 10.0,
    "pedestrian": 6.0,
    "footway": 6.0,
}
#: Classes that a cargo bike uses only where a sign says so.
BIKE_BY_SIGN = frozenset({"footway", "path"})
ACCESS_KEYS = {
    CAR: ("motorcar", "motor_vehicle", "vehicle", "access"),
    BIKE: ("bicycle", "vehicle", "access"),
}
CLOSED = frozenset(
    {"no", "private", "agricultural", "forestry", "emergency", "military", "use_sidepath", "bus", "psv", "dismount"}
)
OPEN = frozenset({"yes", "designated", "permissive", "destination", "delivery", "customers", "official"})
AGAINST = frozenset({"opposite", "opposite_lane", "opposite_track", "opposite_share_busway"})
SIDES = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
#: Barriers that stop vans and cargo bikes alike unless a tag opens them.
WALLS = frozenset(
    {"bollard", "block", "jersey_barrier", "debris", "cycle_barrier", "stile", "kissing_gate", "turnstile"}
)
GATES = frozenset({"gate", "lift_gate", "swing_gate", "sliding_gate", "chain"})
NEVER_HALT = frozenset({"motorway", "motorway_link", "trunk_link"})
MILES = 1.609344


@dataclass(frozen=True, slots=True)
class Passage:
    """Speeds along a road and against it, km/h; 0 = not that way."""

    forward_kmh: float
    backward_kmh: float


def passage(tags: Mapping[str, str], mode: str) -> Passage | None:
    """How a mode may pass a way; None where it may not."""
    kind = tags.get("highway", "")
    if tags.get("area") == "yes" or tags.get("impassable") == "yes":
        return None
    speed = _car_kmh(kind, tags) if mode == CAR else _bike_kmh(kind, tags)
    if speed <= 0:
        return None
    way = _direction(tags, mode, kind)
    return Passage(speed if way >= 0 else 0.0, speed if way <= 0 else 0.0)


def stoppable(tags: Mapping[str, str]) -> bool:
    """Whether a courier can stop here: not on a motorway, not in a tunnel, where the doors are above."""
    tunnel = tags.get("tunnel", "no")
    return tags.get("highway") not in NEVER_HALT and tunnel in ("no", "building_passage", "avalanche_protector")


def blocked(tags: Mapping[str, str]) -> bool:
    """Whether a node with a barrier stops every vehicle."""
    kind = tags.get("barrier", "")
    signs = [tags[key] for key in ("motor_vehicle", "vehicle", "access") if key in tags]
    if kind in WALLS:
        return not (signs and signs[0] in OPEN)
    return kind in GATES and bool(signs) and signs[0] in CLOSED


def _sign(tags: Mapping[str, str], mode: str) -> str:
    return next((tags[key] for key in ACCESS_KEYS[mode] if key in tags), "")


def _car_kmh(kind: str, tags: Mapping[str, str]) -> float:
    sign = _sign(tags, CAR)
    if sign in CLOSED:
        return 0.0
    if kind in CAR_KMH:
        limit = _limit_kmh(tags.get("maxspeed", ""))
        speed = SHARE_OF_LIMIT * limit if limit else CAR_KMH[kind]
        return min(speed, CAR_KMH[kind]) if kind in ("service", "living_street") else speed
    own_sign = any(tags.get(key) in OPEN for key in ("motorcar", "motor_vehicle"))
    if kind == "track" and (own_sign or tags.get("tracktype") == "grade1"):
        return 12.0
    return 6.0 if kind == "pedestrian" and own_sign else 0.0


def _bike_kmh(kind: str, tags: Mapping[str, str]) -> float:
    sign = _sign(tags, BIKE)
    if kind not in BIKE_KMH or sign in CLOSED or (tags.get("motorroad") == "yes" and "bicycle" not in tags):
        return 0.0
    if kind in BIKE_BY_SIGN and tags.get("bicycle") not in OPEN:
        return 0.0
    return BIKE_KMH[kind]


def _direction(tags: Mapping[str, str], mode: str, kind: str) -> int:
    """1 only along the way, -1 only against it, 0 both."""
    if mode == BIKE and (tags.get("oneway:bicycle") == "no" or any(tags.get(side) in AGAINST for side in SIDES)):
        return 0
    sign = tags.get("oneway:bicycle", tags.get("oneway", "")) if mode == BIKE else tags.get("oneway", "")
    if sign in ("yes", "true", "1"):
        return 1
    if sign in ("-1", "reverse"):
        return -1
    if sign in ("no", "false", "0"):
        return 0
    return 1 if tags.get("junction") in ("roundabout", "circular") or kind == "motorway" else 0


def _limit_kmh(text: str) -> float:
    """A mapped speed limit in km/h; 0 where it is none that a number tells."""
    number, _, unit = text.strip().partition(" ")
    try:
        limit = float(number)
    except ValueError:
        return 0.0
    return limit * MILES if unit == "mph" else limit
