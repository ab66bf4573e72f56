"""What the road must do: windows, jobs and pairs of jobs."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InvalidProblem
from .guards import LARGEST_LOAD, LARGEST_MONEY, LARGEST_RATE, LARGEST_TIME, Load, be, loaded, moment, named, texts
from .guards import whole as _whole

KINDS = ("delivery", "pickup", "swap")
#: Stands in an order of job ids where the vehicle goes back to its depot and loads again; no job may be called so.
RELOAD = "<reload>"


@dataclass(frozen=True, slots=True)
class Window:
    """When a service may begin: [opens, closes], both ends included, seconds since the plan's zero."""

    opens: int
    closes: int

    def __post_init__(self) -> None:
        moment("window opens", self.opens)
        moment("window closes", self.closes)
        if self.opens > self.closes:
            raise InvalidProblem(f"window opens at {self.opens}, after it closes at {self.closes}")


@dataclass(frozen=True, slots=True)
class Job:
    """One thing the road must do at one place.

    `delivery` comes from the depot, `pickup` goes back to it, a swap has both. The service begins inside one of the
    windows; `setup_seconds` (park, climb) pass before it unless the vehicle already stands at the place.

    Attributes:
        price: what leaving the job out costs; without one the job must go.
        second_price: what each second from the plan's zero until its service begins costs (somebody cannot work).
        due: a service that begins later costs `late_second_cost` a second; the windows hold all the same.
        release: the vehicle may not leave the depot on the trip that brings this job before that moment.
        goods: pieces taken from the depot's stock, by product; they count against `Problem.stocks`.
        traits: what is aboard for this job; `Problem.incompatible` names traits that may not share a tour.
        skills: what the vehicle must be able to do.
        vehicles: ids of those that may come; without it any may.
    """

    id: str
    place: int
    kind: str
    windows: tuple[Window, ...]
    service_seconds: int = 0
    setup_seconds: int = 0
    delivery: Load = ()
    pickup: Load = ()
    skills: frozenset[str] = frozenset()
    vehicles: frozenset[str] | None = None
    price: int | None = None
    second_price: int = 0
    due: int | None = None
    late_second_cost: int = 0
    release: int | None = None
    goods: tuple[tuple[str, int], ...] = ()
    traits: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        named("job", self.id)
        name = f"job {self.id}"
        if self.id == RELOAD:
            raise InvalidProblem(f"{name}: the name of a reload is no name for a job")
        if self.kind not in KINDS:
            raise InvalidProblem(f"{name}: kind {self.kind} is none of {', '.join(KINDS)}")
        self._opens()
        _whole(f"{name} place", self.place, largest=LARGEST_TIME)
        _whole(f"{name} service_seconds", self.service_seconds, largest=LARGEST_TIME)
        _whole(f"{name} setup_seconds", self.setup_seconds, largest=LARGEST_TIME)
        loaded(f"{name} delivery", self.delivery)
        loaded(f"{name} pickup", self.pickup)
        texts(f"{name} skills", self.skills)
        texts(f"{name} traits", self.traits)
        if self.vehicles is not None:
            texts(f"{name} vehicles", self.vehicles)
        if self.price is not None:
            _whole(f"{name} price", self.price, largest=LARGEST_MONEY)
        _whole(f"{name} second_price", self.second_price, largest=LARGEST_RATE)
        _whole(f"{name} late_second_cost", self.late_second_cost, largest=LARGEST_RATE)
        for moment_name in ("due", "release"):
            if getattr(self, moment_name) is not None:
                moment(f"{name} {moment_name}", getattr(self, moment_name))
        self._takes()

    def _opens(self) -> None:
        name = f"job {self.id}"
        be(f"{name} windows", self.windows, tuple)
        if not self.windows:
            raise InvalidProblem(f"{name}: no window")
        for window in self.windows:
            be(f"{name} window", window, Window)
        if any(later.opens <= earlier.closes for earlier, later in zip(self.windows, self.windows[1:], strict=False)):
            raise InvalidProblem(f"{name}: windows overlap or are not in order")

    def _takes(self) -> None:
        name = f"job {self.id} goods"
        be(name, self.goods, tuple)
        for piece in self.goods:
            be(name, piece, tuple)
            if len(piece) != 2:
                raise InvalidProblem(f"{name}: {len(piece)} facts instead of a product and a quantity")
            named(f"{name} product", piece[0])
            _whole(f"{name} {piece[0]}", piece[1], largest=LARGEST_LOAD, least=1)
        if len({product for product, _ in self.goods}) < len(self.goods):
            raise InvalidProblem(f"{name}: a product is there twice")


@dataclass(frozen=True, slots=True)
class Shipment:
    """A pair: what `pickup` collects at one place the same vehicle hands over at `delivery`, later in the same trip.

    Both halves are jobs with ids of their own; the pair goes whole or not at all. Its load is `pickup.pickup`, equal to
    `delivery.delivery`. `price` is what leaving the pair out costs; without one it must go; the halves have none.

    Raises:
        InvalidProblem: the halves do not fit each other.
    """

    id: str
    pickup: Job
    delivery: Job
    price: int | None = None

    def __post_init__(self) -> None:
        named("shipment", self.id)
        name = f"shipment {self.id}"
        be(f"{name} pickup", self.pickup, Job)
        be(f"{name} delivery", self.delivery, Job)
        if self.pickup.kind != "pickup" or self.delivery.kind != "delivery":
            raise InvalidProblem(f"{name}: its halves are a {self.pickup.kind} and a {self.delivery.kind}")
        if self.pickup.pickup != self.delivery.delivery or any(self.pickup.delivery) or any(self.delivery.pickup):
            raise InvalidProblem(f"{name}: what is collected is not what is handed over")
        for half in self.halves:
            if half.price is not None:
                raise InvalidProblem(f"{name}: job {half.id} has a price of its own")
            if half.goods or half.release is not None:
                raise InvalidProblem(f"{name}: job {half.id} takes nothing from a depot")
        if self.price is not None:
            _whole(f"{name} price", self.price, largest=LARGEST_MONEY)

    @property
    def halves(self) -> tuple[Job, Job]:
        """Pickup and delivery."""
        return self.pickup, self.delivery
