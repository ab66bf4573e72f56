"""Why an order is not served: a closed list of codes, and each in a sentence.

Facts are numbers and codes only (SKU, site, van, tag, accuracy): nothing personal is in a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import i18n, words

Facts = Mapping[str, Any]

#: What each code means, for the reference; the order is that in which causes are looked for.
CODES: Mapping[str, str] = {
    "left-out": "a coordinator keeps the order off the road",
    "employee-left": "the employee has left by that day, and the order is no return",
    "no-open-site": "no open site can serve the order",
    "not-enough-stock": "the serving site lacks pieces; facts: sku, wanted, free, site",
    "asset-not-held": "the employee does not have the piece to fetch any more; facts: asset",
    "not-located": "the home was not found; facts: reason",
    "not-precise": "the home is known only roughly and wants a pin; facts: accuracy",
    "no-vehicle": "no vehicle may serve the order that day; facts: vehicles",
    "no-skill": "no vehicle that may serve it has the skills; facts: skills",
    "too-heavy": "heavier than any vehicle may carry; facts: vehicle, excess (grams)",
    "too-large": "larger than any vehicle can hold; facts: vehicle, excess (millilitres)",
    "too-much": "more than any vehicle takes; facts: vehicle, excess",
    "off-road-network": "no road leads there from the site",
    "window-closed": "no vehicle can be there within the window; facts: vehicle, excess (seconds)",
    "shift-too-short": "the way there and back is longer than any shift; facts: vehicle, excess (seconds)",
    "too-far": "farther than any vehicle may drive; facts: vehicle, excess",
    "no-capacity-left": "it fits into no tour of this plan; facts: tours (vehicle, rule, excess)",
    "too-dear": "serving it costs more than leaving it out; facts: vehicle, cost_cents, price_cents",
    "search-ran-out": "the search ended before a place was found; facts: vehicle, cost_cents",
}

#: How many tours a sentence names.
_NAMED = 3


def sentence(code: str, facts: Facts, language: str) -> str:
    """Why the order is not served, in one sentence; a code we do not know is told as it is."""
    speak = _SENTENCES.get(code)
    if speak is None:
        return i18n.text(language, "It was not served ({code}).", code=code)
    return speak(facts, language)


def rule_words(rule: str, excess: int, language: str, dimension: str | None = None) -> str:
    """How a tour breaks a rule of routing and by how much, as the end of a sentence that begins with the van."""
    if rule == "load":
        amount = {"weight": i18n.kilograms, "volume": i18n.litres}.get(dimension or "")
        if amount is None:
            return i18n.text(language, "is full")
        return i18n.text(language, "is overloaded by {amount}", amount=amount(language, excess))
    if rule in ("window", "window-after", "shift", "max-driving"):
        message = {
            "window": "comes {time} after the window",
            "window-after": "would come {time} late to a later stop",
            "shift": "is back {time} after the end of the shift",
            "max-driving": "drives {time} too long",
        }[rule]
        return i18n.text(language, message, time=i18n.duration(language, excess))
    if rule == "max-metres":
        return i18n.text(language, "drives {distance} too far", distance=i18n.kilometres(language, excess))
    return i18n.text(language, _RULES.get(rule, "breaks a rule"))


_RULES = {
    "vehicle": "may not serve it",
    "skill": "lacks a skill",
    "road": "finds no road there",
    "max-stops": "has too many stops",
}


def _plain(message: str) -> Callable[[Facts, str], str]:
    return lambda facts, language: i18n.text(language, message)


def _stock(facts: Facts, language: str) -> str:
    if not facts.get("site"):
        return i18n.text(language, "No site has {wanted} × {sku}.", **_only(facts, "wanted", "sku"))
    message = "{site} has {free} × {sku} free; {wanted} are needed."
    return i18n.text(language, message, **_only(facts, "site", "free", "sku", "wanted"))


def _piece(facts: Facts, language: str) -> str:
    return i18n.text(language, "{asset} is not with the employee any more.", asset=facts.get("asset", "?"))


def _accuracy(facts: Facts, language: str) -> str:
    level = str(facts.get("accuracy", ""))
    known = words.word(language, "accuracy", level) if level in words.WORDS["accuracy"] else level
    message = "The home is known only roughly ({accuracy}); set a pin on the map."
    return i18n.text(language, message, accuracy=known)


def _unlocated(facts: Facts, language: str) -> str:
    messages = {
        "ambiguous": "The address fits several places; set a pin on the map.",
        "no-address": "No address is known; enter it or set a pin on the map.",
    }
    ordinary = "The address was not found; correct it or set a pin on the map."
    return i18n.text(language, messages.get(str(facts.get("reason", "")), ordinary))


def _skills(facts: Facts, language: str) -> str:
    wanted = ", ".join(str(skill) for skill in facts.get("skills", ()))
    return i18n.text(language, "No vehicle that may serve it has the skills: {skills}.", skills=wanted or "?")


def _heavy(facts: Facts, language: str) -> str:
    message = "It is {amount} too heavy even for an empty vehicle ({vehicle})."
    return i18n.text(language, message, amount=i18n.kilograms(language, _excess(facts)), vehicle=_van(facts))


def _large(facts: Facts, language: str) -> str:
    message = "It is {amount} too large even for an empty vehicle ({vehicle})."
    return i18n.text(language, message, amount=i18n.litres(language, _excess(facts)), vehicle=_van(facts))


def _window(facts: Facts, language: str) -> str:
    message = "No vehicle can be there within the window: even {vehicle}, with nothing else to do, misses it by {time}."
    return i18n.text(language, message, time=i18n.duration(language, _excess(facts)), vehicle=_van(facts))


def _shift(facts: Facts, language: str) -> str:
    message = "There and back takes {time} longer than the shift of {vehicle}."
    return i18n.text(language, message, time=i18n.duration(language, _excess(facts)), vehicle=_van(facts))


def _crowded(facts: Facts, language: str) -> str:
    tours = [tour for tour in facts.get("tours", ()) if tour.get("rule") not in ("vehicle", "skill")]
    if not tours:
        return i18n.text(language, "It fits into no tour of this day.")
    near = sorted(tours, key=lambda tour: (tour.get("rule") == "load", int(tour.get("excess", 0))))[:_NAMED]
    told = [f"{tour['vehicle']} {rule_words(str(tour['rule']), int(tour.get('excess', 0)), language)}" for tour in near]
    return i18n.text(language, "It fits into no tour: {tours}.", tours=", ".join(told))


def _dear(facts: Facts, language: str) -> str:
    message = "Serving it would cost {cost}, more than the {price} that leaving it out counts for."
    cost, price = (i18n.euros(language, int(facts.get(name, 0))) for name in ("cost_cents", "price_cents"))
    return i18n.text(language, message, cost=cost, price=price)


def _excess(facts: Facts) -> int:
    return int(facts.get("excess", 0))


def _van(facts: Facts) -> str:
    return str(facts.get("vehicle", "?"))


def _only(facts: Facts, *names: str) -> dict[str, Any]:
    return {name: facts.get(name, "?") for name in names}


_SENTENCES: Mapping[str, Callable[[Facts, str], str]] = {
    "left-out": _plain("A coordinator left it out."),
    "employee-left": _plain("The employee has left by that day."),
    "no-open-site": _plain("No open site can serve it."),
    "not-enough-stock": _stock,
    "asset-not-held": _piece,
    "not-located": _unlocated,
    "not-precise": _accuracy,
    "no-vehicle": _plain("No vehicle may serve it on this day."),
    "no-skill": _skills,
    "too-heavy": _heavy,
    "too-large": _large,
    "too-much": _plain("It is more than any vehicle takes."),
    "off-road-network": _plain("No road leads there from the site."),
    "window-closed": _window,
    "shift-too-short": _shift,
    "too-far": _plain("It is farther than any vehicle may drive."),
    "no-capacity-left": _crowded,
    "too-dear": _dear,
    "search-ran-out": _plain("The search ended before it found a place; plan again with more time."),
}
