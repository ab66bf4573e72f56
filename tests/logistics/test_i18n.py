"""Words, numbers and dates in English and French; nothing stays untranslated."""

from __future__ import annotations

import ast
import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import logistics
from inventory.errors import NotEnoughStock
from logistics import i18n, states, words
from logistics.dispatch import DraftIsStale
from logistics.documents.route_sheet import WORDS as SHEET
from logistics.edits import MoveRefused
from logistics.errors import InvalidRequest, UnknownRecord, WrongState
from logistics.orders import OrderChanged
from routing import Broken

NBSP, NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
SOURCES = sorted(Path(logistics.__file__).parent.rglob("*.py"))

#: Messages that are written alike in both languages, and why.
ALIKE = {
    "Distance": "the same word", "Note": "the same word", "Signature": "the same word", "Page": "the same word",
    "{vehicle} {broken}.": "holds no word of its own",
}  # fmt: skip
#: Words of one family that are the same in both languages.
WORDS_ALIKE = {("kind", "plan"), ("kind", "site")}


def messages() -> set[str]:
    """Every text that is handed to `i18n.text` as it stands, or told as the problem of a field."""
    found = set(words.REFUSALS.values()) | set(SHEET.values()) | {words.UNKNOWN_REFUSAL, words.DRAFT_IS_STALE}
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found |= spoken(node)
    return found


def spoken(call: ast.Call) -> set[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in {"text", "InvalidRequest", "AssetNotHeld", "EmployeeLeft", "_plain"}:
        return set()
    at = 0 if name == "_plain" else 1
    told = call.args[at : at + 1]
    return {one.value for one in told if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def test_every_message_has_its_french():
    known = i18n.catalogue("fr")

    assert {message for message in messages() if (None, message) not in known} == set()


def test_every_word_has_its_french():
    known = i18n.catalogue("fr")
    told = {(family, word) for family, codes in words.WORDS.items() for word in codes.values()}

    assert {pair for pair in told if pair not in known} == set()


def test_french_is_not_english():
    alike = {key for key, french in i18n.catalogue("fr").items() if key[1] == french}

    assert {message for context, message in alike if context is None} == set(ALIKE)
    assert {key for key in alike if key[0] is not None} == WORDS_ALIKE


def test_a_translation_fills_in_the_same_facts():
    different = {
        message
        for (_, message), french in i18n.catalogue("fr").items()
        if sorted(re.findall(r"\{(\w+)\}", message)) != sorted(re.findall(r"\{(\w+)\}", french))
    }

    assert different == set()


def test_french_keeps_its_marks_together():
    wrong = {
        french
        for french in i18n.catalogue("fr").values()
        if re.search(r"(?<![\s\u00a0\u202f])[;?!»]|(?<!\d)(?<![\u00a0]):(?!\d)| [;:?!»]|« |'", french)
    }

    assert wrong == set()


@pytest.mark.parametrize(
    ("family", "codes"),
    [
        ("order", states.ORDER_STATES), ("line", states.LINE_STATES), ("job", states.JOB_STATES),
        ("plan", states.PLAN_STATES), ("tour", states.TOUR_STATES), ("stop", states.STOP_STATES),
        ("pick", states.PICK_STATES), ("task", states.TASK_STATES), ("event", states.ORDER_EVENTS),
        ("failure", states.FAILURES), ("role", states.ROLES), ("van-kind", states.VAN_KINDS),
        ("order-kind", states.ORDER_KINDS), ("job-kind", states.JOB_KINDS), ("direction", states.DIRECTIONS),
        ("public", states.PUBLIC_WORDS.values()),
    ],
)  # fmt: skip
def test_every_state_has_a_word(family, codes):
    assert set(words.WORDS[family]) == set(codes)


# --- numbers and dates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("write", "value", "english", "french"),
    [
        (i18n.euros, 123_456, "€1,234.56", f"1{NARROW}234,56{NBSP}€"),
        (i18n.number, 12_345, "12,345", f"12{NARROW}345"),
        (i18n.kilometres, 12_340, f"12.3{NBSP}km", f"12,3{NBSP}km"),
        (i18n.kilograms, 500, f"0.5{NBSP}kg", f"0,5{NBSP}kg"),
        (i18n.litres, 2_500, f"2.5{NBSP}l", f"2,5{NBSP}l"),
        (i18n.litres, 125_000, f"125{NBSP}l", f"125{NBSP}l"),
        (i18n.duration, 3_900, f"1{NBSP}h{NBSP}05", f"1{NBSP}h{NBSP}05"),
        (i18n.duration, 20, f"1{NBSP}min", f"1{NBSP}min"),
        (i18n.duration, 0, f"0{NBSP}min", f"0{NBSP}min"),
        (i18n.duration, -720, f"−12{NBSP}min", f"−12{NBSP}min"),
        (i18n.long_date, date(2026, 11, 24), "Tuesday, 24 November 2026", "mardi 24 novembre 2026"),
        (i18n.short_date, date(2026, 11, 24), "24 Nov 2026", "24 nov. 2026"),
    ],
)
def test_numbers_and_dates_are_written_as_people_do(write, value, english, french):
    assert (write("en", value), write("fr", value)) == (english, french)


def test_a_moment_is_told_by_the_clock_it_carries():
    noon = datetime(2026, 11, 24, 13, 5, tzinfo=ZoneInfo("Europe/Paris"))

    assert i18n.clock("fr", noon) == i18n.clock("en", noon) == "13:05"
    assert i18n.moment("en", noon) == "24 Nov 2026, 13:05"


@pytest.mark.parametrize(
    ("wanted", "language"),
    [(("fr-CA",), "fr"), (("FR_fr",), "fr"), (("de", "fr"), "fr"), ((None, ""), "en"), (("xx",), "en")],
)
def test_the_first_language_we_speak_is_spoken(wanted, language):
    assert i18n.language_of(*wanted) == language


def test_a_message_nobody_translated_stays_english():
    assert i18n.text("fr", "Moon over {place}", place="Nice") == "Moon over Nice"


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "english", "french"),
    [
        (UnknownRecord("order", "O-1"), "There is no order O-1.", "Introuvable : commande O-1."),
        (
            WrongState("order", "O-1", state="underway", wanted="cancelled"),
            "This is not possible any more: O-1 is on its way.",
            "Ce n’est plus possible : O-1 est à l’état « en route ».",
        ),
        (InvalidRequest("day", "is over", today="2026-11-24"), "Is over", "Est passé"),
        (
            NotEnoughStock("LAP", wanted=3, free=1, holder="site:NCE"),
            "There is not enough of LAP: 3 wanted, 1 free.",
            "Il n’y a pas assez de LAP : 3 demandés, 1 disponibles.",
        ),
        (
            DraftIsStale(date(2026, 11, 24), reference="O-1", problem="left-out"),
            "O-1: the order was left out. Nothing was published; plan again.",
            "O-1 : la commande a été mise de côté. Rien n’a été publié ; planifiez à nouveau.",
        ),
        (
            MoveRefused("V1", Broken("window", "O-3", 720)),
            "V1 comes 12 min after the window (order O-3).",
            "V1 arrive 12 min après le créneau (commande O-3).",
        ),
        (
            MoveRefused("V1", Broken("load", None, 2_500, "weight")),
            "V1 is overloaded by 2.5 kg.", "V1 est en surcharge de 2,5 kg.",
        ),
    ],
)  # fmt: skip
def test_a_refusal_is_one_sentence(error, english, french):
    told = [words.refusal(language, error).replace(NBSP, " ").replace(NARROW, " ") for language in ("en", "fr")]

    assert told == [english, french]


def test_a_refusal_we_have_no_words_for_is_still_told():
    error = OrderChanged("O-1", expected=1, found=2)

    assert "O-1" in words.refusal("fr", error)
    assert words.refusal("en", RuntimeError("boom")) == "This is not possible: boom."
