"""Every state, kind and role in a word for people, and every refusal in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import i18n
from .errors import InvalidRequest

#: English words by family and code; the family is the context of the translation.
WORDS: Mapping[str, Mapping[str, str]] = {
    "order": {
        "open": "open", "planned": "planned", "underway": "on its way", "done": "delivered", "cancelled": "cancelled",
    },
    "line": {"open": "open", "planned": "planned", "out": "on the road", "done": "done", "cancelled": "cancelled"},
    "job": {
        "open": "open", "planned": "planned", "underway": "on the road", "done": "done", "failed": "failed",
        "cancelled": "cancelled",
    },
    "plan": {"draft": "draft", "published": "published", "superseded": "replaced", "discarded": "discarded"},
    "tour": {
        "draft": "draft", "published": "published", "departed": "on the road", "ended": "back",
        "withdrawn": "withdrawn",
    },
    "stop": {"planned": "planned", "arrived": "arrived", "done": "done", "failed": "failed"},
    "pick": {
        "to-pick": "to pick", "picked": "picked", "missing": "missing", "loaded": "loaded", "given": "handed over",
        "returned": "brought back", "released": "released",
    },
    "task": {
        "queued": "waiting", "running": "running", "done": "done", "failed": "failed", "cancelled": "cancelled",
        "parked": "set aside",
    },
    "order-kind": {"issue": "issue", "swap": "swap", "return": "return"},
    "job-kind": {"delivery": "delivery", "pickup": "pickup", "swap": "swap"},
    "direction": {"out": "to bring", "back": "to take back"},
    "priority": {"1": "standard", "2": "blocking", "3": "critical"},
    "van-kind": {"van": "van", "cargo_bike": "cargo bike"},
    "role": {
        "admin": "administrator", "coordinator": "coordinator", "warehouse": "warehouse", "agent": "support agent",
        "courier": "courier", "employee": "employee", "auditor": "auditor",
    },
    "accuracy": {
        "pin": "pin set by hand", "given": "given coordinates", "house": "house", "street": "street",
        "locality": "locality", "commune": "municipality", "postcode": "postcode", "unlocated": "not located",
    },
    "data-state": {
        "not-data-bearing": "holds no data", "clean": "clean", "holds-data": "holds data", "wipe-due": "to be wiped",
        "sanitised": "wiped",
    },
    "event": {
        "signalled": "need told", "acknowledged": "order taken", "reserved": "pieces reserved",
        "promised": "window promised", "planned": "planned", "published": "published", "departed": "left the site",
        "arrived": "courier at the door", "done": "delivered", "failed": "visit failed", "confirmed": "working again",
        "amended": "changed", "cancelled": "cancelled", "short": "not enough stock", "reopened": "to be planned again",
    },
    "failure": {
        "absent": "nobody at home", "refused": "refused", "wrong-address": "wrong address", "no-access": "no access",
        "damaged": "damaged", "not-ready": "not ready", "missing-item": "a piece was missing", "unsafe": "unsafe",
    },
    "field": {
        "day": "day", "window_start": "start of the window", "window_end": "end of the window", "priority": "urgency",
        "severity": "severity", "note": "note for the courier", "lines": "lines", "left_out": "left out or back",
        "wanted_van": "wanted van",
    },
    "stale": {
        "job-gone": "the order waits no more", "order-moved": "the order went to a later day",
        "left-out": "the order was left out", "other-van": "the order is given to another van",
        "window-changed": "its window changed", "address-changed": "the address changed",
        "not-reserved": "its pieces are not reserved any more", "other-site": "the order is served from another site",
        "no-piece-to-issue": "there is no piece to hand out", "tour-departed": "the tour has left",
    },
    "public": {
        "received": "received", "window-set": "window set", "on-its-way": "on its way", "delivered": "delivered",
        "cancelled": "cancelled",
    },
}  # fmt: skip

#: Sentences by the code of an error; the braces are its attributes.
REFUSALS: Mapping[str, str] = {
    "unknown-record": "There is no {kind} {key}.",
    "already-exists": "{key} is already taken.",
    "wrong-state": "This is not possible any more: {key} is {state}.",
    "cannot-undo": "This cannot be undone any more: the time for it is over, or it changed since. Nothing was changed.",
    "order-changed": "Somebody changed order {reference} meanwhile. Nothing was saved; look at it again.",
    "planning-runs": "This day is being planned at the moment. Try again when that is done.",
    "user-changed": "Somebody changed the account {login} meanwhile. Nothing was saved; look at it again.",
    "plan-is-stale": "The day changed while it was being planned. Nothing was saved; plan again.",
    "nothing-to-plan": "There is nothing to plan: no order waits for this day, or no vehicle serves it.",
    "engine-failed": "The search gave no answer. The former plan holds; plan again.",
    "engine-lied": "The search gave no answer. The former plan holds; plan again.",
    "worker-lost": "The program stopped in the middle of the work. What was there before still holds.",
    "conflict": "{key} is in the books with other facts. Nothing was changed.",
    "database-busy": "Something else has been writing to the books for long. Nothing was saved; send it again.",
    "database-unavailable": "The books cannot be reached. Look whether your last step is there before you repeat it.",
    "no-plan": "This day has no plan yet.",
    "plan-cancelled": "Planning was stopped. The former plan holds.",
    "not-enough-stock": "There is not enough of {sku}: {wanted} wanted, {free} free.",
    "not-held": "{what} is not where it should be.",
    "promised": "{asset_tag} is promised to another order.",
    "needs-wiping": "{asset_tag} has to be wiped first.",
    "not-allowed": "You may not do this.",
    "scope-missing": "The token lacks the scope {scope}.",
    "other-sites": (
        "This draft also changes tours of {sites}, which are not yours. Somebody who serves them can publish it."
    ),
    "outgoing-failed": "The other side could not be reached, or did not answer as it should.",
    "last-administrator": "{login} is the last administrator; the account stays open.",
    "event-contradicts": "This was told before in another way. Nothing was changed.",
}
DRAFT_IS_STALE = "{reference}: {problem}. Nothing was published; plan again."
UNKNOWN_REFUSAL = "This is not possible: {problem}."


def word(language: str, family: str, code: str | int) -> str:
    """The word for a code of a family of `WORDS`; KeyError when there is none."""
    return i18n.text(language, WORDS[family][str(code)], context=family)


def refusal(language: str, error: Exception) -> str:
    """What an error of ours means to whoever met it, in one sentence without personal data."""
    if isinstance(error, InvalidRequest):
        return problem(language, error)
    if callable(speak := getattr(error, "sentence", None)):
        return str(speak(language))
    facts: dict[str, Any] = {name: value for name, value in vars(error).items() if isinstance(value, str | int)}
    kind, state = facts.get("kind"), facts.get("state")
    if isinstance(kind, str) and isinstance(state, str) and state in WORDS.get(kind, {}):
        facts["state"] = word(language, kind, state)
    if isinstance(kind, str):
        facts["kind"] = i18n.text(language, kind, context="kind")
    if facts.get("problem") in WORDS["stale"] and "reference" in facts:
        told = word(language, "stale", facts["problem"])
        return i18n.text(language, DRAFT_IS_STALE, reference=facts["reference"], problem=told)
    sentence = REFUSALS.get(str(getattr(error, "code", "")))
    if sentence is None:
        return i18n.text(language, UNKNOWN_REFUSAL, problem=str(error))
    return i18n.text(language, sentence, **facts)


def problem(language: str, error: InvalidRequest) -> str:
    """What is wrong with one field of a form, to stand beside it; begins with a capital letter."""
    told = i18n.text(language, error.problem)
    return told[:1].upper() + told[1:]
