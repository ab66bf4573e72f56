"""Every word a state may be, and which steps lead from one to the next."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import WrongState

ROLES = ("admin", "coordinator", "warehouse", "agent", "courier", "employee", "auditor")
VAN_KINDS = ("van", "cargo_bike")
ORDER_KINDS = ("issue", "swap", "return")
JOB_KINDS = ("delivery", "pickup", "swap")
DIRECTIONS = ("out", "back")

ORDER_STATES = ("open", "planned", "underway", "done", "cancelled")
LINE_STATES = ("open", "planned", "out", "done", "cancelled")
JOB_STATES = ("open", "planned", "underway", "done", "failed", "cancelled")
PLAN_STATES = ("draft", "published", "superseded", "discarded")
TOUR_STATES = ("draft", "published", "departed", "ended", "withdrawn")
STOP_STATES = ("planned", "arrived", "done", "failed")
PICK_STATES = ("to-pick", "picked", "missing", "loaded", "given", "returned", "released")
TASK_STATES = ("queued", "running", "done", "failed", "cancelled", "parked")
MESSAGE_STATES = ("waiting", "sent", "failed")
FACTOR_KINDS = ("totp", "passkey")
LINK_PURPOSES = ("invite", "reset")
STOP_EVENTS = ("started", "arrived", "done", "failed", "ended")
ORDER_EVENTS = (
    "signalled", "acknowledged", "reserved", "promised", "planned", "published", "departed", "arrived",
    "done", "failed", "confirmed", "amended", "cancelled", "short", "reopened",
)  # fmt: skip
#: Why a stop failed; the courier picks one.
FAILURES = ("absent", "refused", "wrong-address", "no-access", "damaged", "not-ready", "missing-item", "unsafe")

#: From each state, the states that may follow. A state that is not a key is final.
ORDER_STEPS: Mapping[str, tuple[str, ...]] = {
    "open": ("planned", "cancelled"),
    "planned": ("open", "underway", "cancelled"),
    "underway": ("open", "done"),
}
LINE_STEPS: Mapping[str, tuple[str, ...]] = {
    "open": ("planned", "cancelled"),
    "planned": ("open", "out", "cancelled"),
    "out": ("open", "done"),
}
JOB_STEPS: Mapping[str, tuple[str, ...]] = {
    "open": ("planned", "cancelled"),
    "planned": ("open", "underway", "cancelled"),
    "underway": ("done", "failed"),
}
TOUR_STEPS: Mapping[str, tuple[str, ...]] = {
    "draft": ("published", "withdrawn"),
    "published": ("departed", "withdrawn"),
    "departed": ("ended",),
}
STOP_STEPS: Mapping[str, tuple[str, ...]] = {
    "planned": ("arrived", "done", "failed"),
    "arrived": ("done", "failed"),
}
STEPS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "order": ORDER_STEPS, "line": LINE_STEPS, "job": JOB_STEPS, "tour": TOUR_STEPS, "stop": STOP_STEPS,
}  # fmt: skip

#: What the employee is told for each state of their order: received, being prepared, on its way, delivered, cancelled.
PUBLIC_WORDS: Mapping[str, str] = {
    "open": "received",
    "planned": "window-set",
    "underway": "on-its-way",
    "done": "delivered",
    "cancelled": "cancelled",
}


def advance(kind: str, key: object, state: str, to: str) -> str:
    """The new state, if the step is drawn in the diagram of `kind` (order, line, job, tour, stop).

    Raises:
        WrongState: the step is not drawn; carries kind, key, the state and the wanted one.
    """
    if to not in STEPS[kind].get(state, ()):
        raise WrongState(kind, key, state=state, wanted=to)
    return to
