"""The pages speak French wherever they speak English."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from webapp import extraction

#: Words that French writes as English does.
SAME = {
    "API",
    "Code",
    "Distance",
    "Latitude",
    "Longitude",
    "Page %(number)s",
    "Site",
    "Sites",
    "Stock",
    "version %(number)s",
}
PLACES = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def french():
    with extraction.catalogue_file("fr").open("rb") as stream:
        return {_key(message.id): message for message in read_po(stream, locale="fr") if message.id}


@pytest.fixture(scope="module")
def said():
    return {_key(message.id): message for message in extraction.messages() if message.id}


def _key(found):
    return tuple(found) if isinstance(found, list | tuple) else (found,)


def _strings(message):
    return tuple(message.string) if isinstance(message.string, list | tuple) else (message.string,)


def test_the_extraction_sees_templates_views_and_marked_messages(said):
    assert {("Unserved",), ("Your session has ended",), ("Orders",), ("%(num)s stop", "%(num)s stops")} <= set(said)


def test_every_message_of_the_pages_has_a_french_translation(said, french):
    missing = [key for key in said if key not in french or french[key].fuzzy or not all(_strings(french[key]))]

    assert missing == [], "run `python -m webapp.extraction` and translate what is empty"


def test_the_catalogue_holds_nothing_that_no_page_says(said, french):
    assert set(french) - set(said) == set()


def test_french_is_not_english(french):
    same = {key[0] for key, message in french.items() if message.string == message.id}

    assert same == SAME


def test_a_translation_keeps_every_place_that_is_filled_in(french):
    lost = [
        key
        for key, message in french.items()
        if any(set(PLACES.findall(string)) != set(PLACES.findall(key[-1])) for string in _strings(message))
    ]

    assert lost == []


def test_french_double_signs_never_stand_alone_at_the_start_of_a_line(french):
    strings = [string for message in french.values() for string in _strings(message)]

    parted = [string for string in strings if re.search(r" [:;?!»]|« ", string)]

    assert parted == []
