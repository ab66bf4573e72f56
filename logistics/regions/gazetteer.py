"""Finds addresses in a region's index: exact first, then by likeness, never guessing between two towns."""

from __future__ import annotations

import json
import math
import re
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from .errors import BrokenRegion
from .graph import EARTH
from .spelling import COUNTRIES, Wanted, fold, kind_of, number_and_street, take_apart, telling

#: From this score on a street is taken for the one that was meant.
CLEAR = 84.0
#: A street found by another of its names gives way to one of that very name.
ALIAS = 95.0
#: What it takes where a neighbouring commune has a street of exactly the asked name.
SURE = 94.0
#: In a commune that is certain this is enough, if the next street of that commune is far less like it.
LIKELY = 72.0
LEAD = 8.0
KIND_LIKENESS = 70.0
#: Candidates that come this near to the best one and lie elsewhere make an answer ambiguous.
RIVAL_POINTS = 4.0
RIVAL_METRES = 150.0
#: Below this likeness nothing is offered at all.
FAINT = 60.0
CITY_LIKENESS = 80.0
MOST_CANDIDATES = 10
#: A place farther than this from every street and house has no address.
REVERSE_METRES = 250.0

SIMILAR_ANYWHERE = """
SELECT spelt.* FROM spelling_letters AS l JOIN spelt ON spelt.spelling = l.rowid
WHERE spelling_letters MATCH ?1 AND kind IN ('street', 'locality') AND ?2 IS NOT NULL ORDER BY l.rank LIMIT 80
"""
SIMILAR_IN = """
SELECT spelt.* FROM spelling_letters AS l JOIN spelt ON spelt.spelling = l.rowid
WHERE spelling_letters MATCH ?1 AND kind IN ('street', 'locality')
AND folded_commune IN (SELECT value FROM json_each(?2)) ORDER BY l.rank LIMIT 80
"""
BEGINNING = """
SELECT DISTINCT id, kind, name, commune, postcode, lat, lon, spread_metres FROM spelt
WHERE folded >= ?1 AND folded < ?2 AND kind IN ('street', 'locality', 'commune')
ORDER BY length(folded), folded LIMIT ?3
"""
NEAREST = {
    "house": """
SELECT e.*, t.lat, t.lon, t.number FROM house AS t JOIN entry AS e ON e.id = t.entry_id
WHERE t.lat BETWEEN ? AND ? AND t.lon BETWEEN ? AND ?
""",
    "street_point": """
SELECT e.*, t.lat, t.lon FROM street_point AS t JOIN entry AS e ON e.id = t.entry_id
WHERE t.lat BETWEEN ? AND ? AND t.lon BETWEEN ? AND ?
""",
}

ACCURACIES = ("house", "street", "locality", "commune", "postcode")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that an address may mean.

    `accuracy` is what the coordinates are good for: the `house` itself; somewhere on the `street`, up to
    `spread_metres` away; the middle of a `locality`, a `commune` or a `postcode`. `number` is a house number that
    the index holds, never one that was only asked for. `score` runs from 0 to 100.
    """

    accuracy: str
    lat: float
    lon: float
    number: str
    name: str
    commune: str
    postcode: str
    score: float
    spread_metres: int

    @property
    def label(self) -> str:
        """The address as it is written on a letter, in one line."""
        street = f"{self.number} {self.name}".strip() if self.accuracy in ("house", "street", "locality") else ""
        return ", ".join(part for part in (street, f"{self.postcode} {self.commune}".strip()) if part)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: `best` is None when nothing is or when several places are meant equally well."""

    best: Candidate | None
    candidates: tuple[Candidate, ...]

    @property
    def is_ambiguous(self) -> bool:
        """Whether a person has to choose among the candidates."""
        return self.best is None and bool(self.candidates)


@dataclass(frozen=True, slots=True)
class _Entry:
    id: int
    kind: str
    name: str
    commune: str
    postcode: str
    lat: float
    lon: float
    spread_metres: int


@dataclass(frozen=True, slots=True)
class _Where:
    """The communes that city and postcode leave; None for any. `certain` when the city itself was recognised."""

    communes: frozenset[str] | None
    certain: bool
    entry: _Entry | None


class Gazetteer:
    """The address index of a region, open for reading; may be shared among threads."""

    def __init__(self, file: Path, *, region: str) -> None:
        self.region = region
        self._lock = threading.Lock()
        try:
            self._base = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
            rows = self._base.execute("SELECT * FROM entry WHERE kind <> 'street' ORDER BY id").fetchall()
        except sqlite3.Error as error:
            raise BrokenRegion(region, problem="its address index cannot be read") from error
        entries = [_Entry(*row) for row in rows]
        self._communes = {fold(entry.name): entry for entry in entries if entry.kind == "commune"}
        self._localities = [entry for entry in entries if entry.kind == "locality"]
        self._postcodes = {entry.postcode: entry for entry in entries if entry.kind == "postcode"}

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._base.close()

    def search(self, text: str) -> Answer:
        """Find an address written in one line, in whatever capitals, accents, short forms and order."""
        wanted = take_apart(text)
        if not wanted.city and not wanted.postcode:
            wanted = self._split_city(wanted.street)
        elif wanted.city and not wanted.postcode and not self._where(wanted).communes:
            whole = self._split_city(f"{wanted.street} {wanted.city}")
            wanted = whole if whole.city else wanted
        return self._find(wanted)

    def search_parts(self, *, street: str = "", postcode: str = "", city: str = "") -> Answer:
        """Find an address given in parts, number and street together; empty parts are unknown."""
        told = Wanted(fold(street), fold(postcode).replace(" ", ""), take_apart(city).street)
        if told.street and not told.postcode and not told.city:
            return self.search(street)
        return self._find(told)

    def suggest(self, text: str, *, limit: int) -> tuple[Candidate, ...]:
        """What a text still being typed may become: names that begin with it, then names like it, best first.

        A town after a comma is taken at its word; a house number in front chooses the house where it is known.
        """
        line, _comma, town = text.rpartition(",") if "," in text else (text, "", "")
        number, street = number_and_street(fold(line))
        begun = [
            self._with_house(_Entry(*row), number, 100.0)
            for asked in dict.fromkeys((street, fold(line)))
            if len(asked) > 2
            for row in self._rows(BEGINNING, (asked, asked + "\uffff", 4 * limit))
        ]
        # "roquebr" after the comma names Roquebrune already.
        told = [one for one in begun if fold(one.commune or one.name).startswith(fold(town).strip())]
        like = [one for one in self.search(text).candidates if one.score >= FAINT]
        found = {(one.accuracy, one.number, one.name, one.commune): one for one in (*told, *like)}
        return tuple(found.values())[:limit]

    def nearest(self, lat: float, lon: float) -> Candidate | None:
        """The house within 30 m, else the nearest street within 250 m; `spread_metres` is the way to it."""
        for table, limit in (("house", 30.0), ("street_point", REVERSE_METRES)):
            found = self._nearest_in(table, lat, lon, limit)
            if found is not None:
                return found
        return None

    def _find(self, wanted: Wanted) -> Answer:
        where = self._where(wanted)
        if where.communes is not None and not where.communes:
            return Answer(None, ())
        fallback = self._fallback(where, wanted) or self._as_city(where, wanted)
        if not wanted.street:
            return Answer(fallback, (fallback,) if fallback else ())
        wanted, streets = self._best_line(wanted, where)
        elsewhere = self._elsewhere(wanted, where)
        clear = [one for one in streets if one.score >= (SURE if elsewhere else CLEAR)]
        if not clear and where.certain and not elsewhere and self._is_likely(wanted, streets):
            clear = streets[:1]
        if clear and not _rivals(clear):
            return Answer(clear[0], tuple(streets[:MOST_CANDIDATES]))
        if clear:
            return Answer(None, tuple(streets[:MOST_CANDIDATES]))
        streets = sorted([*streets, *elsewhere], key=lambda one: -one.score)
        if fallback is not None:
            return Answer(fallback, (fallback, *streets[: MOST_CANDIDATES - 1]))
        return Answer(None, tuple(one for one in streets[:MOST_CANDIDATES] if one.score >= FAINT))

    def _best_line(self, wanted: Wanted, where: _Where) -> tuple[Wanted, list[Candidate]]:
        """What is wanted as a whole, or of its lines the one that names a street: the others are floors and doors."""
        streets = self._streets(wanted, where)
        if len(wanted.lines) < 2 or (streets and streets[0].score >= SURE):
            return wanted, streets
        tried = [(wanted, streets)]
        for line in wanted.lines:
            alone = replace(wanted, street=line, lines=())
            tried.append((alone, self._streets(alone, where)))
        return max(tried, key=lambda one: one[1][0].score if one[1] else 0.0)

    def _is_likely(self, wanted: Wanted, streets: Sequence[Candidate]) -> bool:
        """Whether the best street, though spelt differently, stands out in its commune and is of the asked kind."""
        if not streets or streets[0].score < LIKELY or _rivals(streets, LEAD):
            return False
        kind = kind_of(fold(streets[0].name))
        return kind == kind_of(_with_kind(number_and_street(wanted.street)[1], kind))

    # --- where -------------------------------------------------------------------------------------------------

    def _where(self, wanted: Wanted) -> _Where:
        """What city and postcode leave. An unknown city with an unknown postcode leaves no commune at all."""
        by_code = frozenset(name for name, entry in self._communes.items() if entry.postcode == wanted.postcode)
        code = self._postcodes.get(wanted.postcode) if wanted.postcode else None
        if code is not None and not by_code:
            by_code = self._communes_of_houses(wanted.postcode)
        if wanted.city:
            entry, communes = self._city(wanted.city)
            if communes:
                narrowed = communes & by_code if len(communes) > 1 and communes & by_code else communes
                return _Where(narrowed, True, entry if len(narrowed) == 1 else None)
            return _Where(by_code, False, code)
        if wanted.postcode:
            return _Where(by_code, False, code)
        return _Where(None, False, None)

    def _city(self, city: str) -> tuple[_Entry | None, frozenset[str]]:
        """The commune that a city's name means, or the one in which a quarter of that name lies."""
        if city in self._communes:
            return self._communes[city], frozenset({city})
        quarters = [entry for entry in self._localities if fold(entry.name) == city and entry.commune]
        if quarters:
            return quarters[0], frozenset(fold(entry.commune) for entry in quarters)
        words = set(telling(city)) or set(city.split())
        partly = [
            name for name in self._communes if words and (words <= set(name.split()) or set(name.split()) <= words)
        ]
        if len(partly) == 1:
            return self._communes[partly[0]], frozenset(partly)
        likes = sorted(((fuzz.ratio(city, name), name) for name in self._communes), reverse=True)
        if likes and likes[0][0] >= CITY_LIKENESS:
            return self._communes[likes[0][1]], frozenset({likes[0][1]})
        return None, frozenset()

    def _split_city(self, text: str) -> Wanted:
        """Tell the city at the end of a line without comma or postcode; the longest name that fits."""
        words = text.split()
        if len(words) > 1 and words[-1] in COUNTRIES and words[-1] not in self._communes:
            words.pop()
            text = " ".join(words)
        for length in range(min(5, len(words)), 0, -1):
            tail = " ".join(words[-length:])
            known = tail in self._communes or any(fold(entry.name) == tail for entry in self._localities)
            if known and (length < len(words) or not self._exactly(text, None)):
                return Wanted(" ".join(words[:-length]), "", tail)
        if len(words) > 2 and not self._exactly(number_and_street(text)[1], None):
            for length in (1, 2, 3):
                tail = " ".join(words[-length:])
                if len(tail) > 4 and any(fuzz.ratio(tail, name) >= CITY_LIKENESS for name in self._communes):
                    return Wanted(" ".join(words[:-length]), "", tail)
        return Wanted(text, "", "")

    def _communes_of_houses(self, postcode: str) -> frozenset[str]:
        rows = self._rows(
            "SELECT DISTINCT e.commune FROM house AS h JOIN entry AS e ON e.id = h.entry_id WHERE h.postcode = ?",
            (postcode,),
        )
        return frozenset(fold(commune) for (commune,) in rows)

    def _fallback(self, where: _Where, wanted: Wanted) -> Candidate | None:
        """The commune, quarter or postcode itself, where no street can be told."""
        if where.entry is None:
            return None
        score = 100.0 if not wanted.street else 50.0
        return replace(_as_candidate(where.entry), score=score)

    def _as_city(self, where: _Where, wanted: Wanted) -> Candidate | None:
        """A line that names no street and no number may be a town: "Èze village"."""
        if where.communes is not None or kind_of(wanted.street) or any(letter.isdigit() for letter in wanted.street):
            return None
        entry, _ = self._city(wanted.street)
        return replace(_as_candidate(entry), score=90.0) if entry is not None else None

    # --- streets -----------------------------------------------------------------------------------------------

    def _streets(self, wanted: Wanted, where: _Where) -> list[Candidate]:
        """Streets and localities by likeness, with the house where the index has it; best first."""
        number, street = number_and_street(wanted.street)
        exact = self._exactly(wanted.street, where.communes)
        if exact:
            number, street = "", wanted.street
        else:
            exact = self._exactly(street, where.communes)
        own = wanted.street if not number else street
        scored = {entry.id: (100.0 if fold(entry.name) == own else ALIAS, entry) for entry in exact}
        if not exact:
            for likeness, entry in self._similar(street, where.communes):
                if likeness > scored.get(entry.id, (FAINT, entry))[0]:
                    scored[entry.id] = (likeness, entry)
        found = [self._with_house(entry, number, score) for score, entry in scored.values()]
        found.sort(key=lambda one: (-one.score, one.accuracy != "house", one.name, one.commune, one.lat))
        return found

    def _elsewhere(self, wanted: Wanted, where: _Where) -> list[Candidate]:
        """The same street in other communes: to be offered, never to be taken."""
        if where.communes is None:
            return []
        _, street = number_and_street(wanted.street)
        entries = [entry for entry in self._exactly(street, None) if fold(entry.commune) not in where.communes]
        return [replace(_as_candidate(entry), score=80.0) for entry in entries]

    def _exactly(self, street: str, communes: frozenset[str] | None) -> list[_Entry]:
        rows = self._rows(
            "SELECT * FROM spelt WHERE folded = ? AND kind IN ('street', 'locality') ORDER BY kind DESC, id", (street,)
        )
        kept = [_Entry(*row[:8]) for row in rows if communes is None or row[9] in communes]
        streets = [entry for entry in kept if entry.kind == "street"]
        return streets or kept

    def _similar(self, street: str, communes: frozenset[str] | None) -> Iterable[tuple[float, _Entry]]:
        letters = {street[at : at + 3] for at in range(len(street) - 2)}
        if not letters:
            return
        query = " OR ".join('"' + three.replace('"', "") + '"' for three in sorted(letters))
        rows = self._rows(
            SIMILAR_IN if communes is not None else SIMILAR_ANYWHERE, (query, json.dumps(sorted(communes or ())))
        )
        for row in rows:
            yield likeness(street, row[8]), _Entry(*row[:8])

    def _with_house(self, entry: _Entry, number: str, score: float) -> Candidate:
        street = replace(_as_candidate(entry), score=score)
        if not number or entry.kind != "street":
            return street
        rows = self._rows(
            "SELECT number, folded, postcode, lat, lon FROM house WHERE entry_id = ? ORDER BY folded, lat, lon",
            (entry.id,),
        )
        for shown, folded, postcode, lat, lon in rows:
            if number == folded or number in folded.split("-") or folded == number.partition("-")[0]:
                return replace(
                    street, accuracy="house", number=shown, postcode=postcode, lat=lat, lon=lon, spread_metres=0
                )
        digits = _digits(number)
        near = [row for row in rows if digits and _digits(row[1])]
        if not near:
            return street
        _, _, postcode, lat, lon = min(near, key=lambda row: (abs(_digits(row[1]) - digits), row[1]))
        return replace(street, postcode=postcode, lat=lat, lon=lon)

    def _nearest_in(self, table: str, lat: float, lon: float, limit: float) -> Candidate | None:
        high = math.degrees(limit / EARTH)
        wide = high / max(math.cos(math.radians(lat)), 0.01)
        rows = self._rows(NEAREST[table], (lat - high, lat + high, lon - wide, lon + wide))
        ranked = sorted((_metres(lat, lon, row[8], row[9]), row) for row in rows)
        if not ranked or ranked[0][0] > limit:
            return None
        metres, row = ranked[0]
        found = replace(_as_candidate(_Entry(*row[:8])), lat=row[8], lon=row[9], spread_metres=round(metres))
        return replace(found, accuracy="house", number=row[10]) if table == "house" else found

    def _rows(self, query: str, facts: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._base.execute(query, facts).fetchall()


def likeness(asked: str, name: str) -> float:
    """How like two folded street names are, 0 to 100; streets of different kinds are not the same street.

    The words that tell a street from its neighbours weigh twice as much as "avenue de la".
    """
    told, kind = asked, kind_of(name)
    asked = _with_kind(asked, kind)
    asked_kind = kind_of(asked)
    whole = max(fuzz.ratio(asked, name), fuzz.token_sort_ratio(asked, name) - 1)
    asked_words, words = sorted(telling(asked)), sorted(telling(name))
    if not asked_words or not words:
        return min(99.0, whole)
    score = (whole + 2 * fuzz.ratio(" ".join(asked_words), " ".join(words))) / 3 - (asked != told)
    if asked_words == words:
        score = max(score, 96.0 if asked_kind == kind else 88.0)
    elif set(asked_words) < set(words):
        score = max(score, 76.0 + 14.0 * len(" ".join(asked_words)) / len(" ".join(words)))
    if asked_kind and kind and asked_kind != kind:
        score -= 12.0
    return max(0.0, min(99.0, score))


def _with_kind(asked: str, kind: str) -> str:
    """The name with a misspelt kind of street put right: "avenu des pins"."""
    if not kind or kind_of(asked):
        return asked
    words = asked.split()
    likes = [(fuzz.ratio(word, kind), -at) for at, word in enumerate(words[:2])]
    best, at = max(likes, default=(0.0, 0))
    if best >= KIND_LIKENESS and len(words) > 1:
        words[-at] = kind
    return " ".join(words)


def _rivals(found: Sequence[Candidate], points: float = RIVAL_POINTS) -> bool:
    best = found[0]
    return any(
        best.score - other.score < points and _metres(best.lat, best.lon, other.lat, other.lon) > RIVAL_METRES
        for other in found[1:]
    )


def _as_candidate(entry: _Entry) -> Candidate:
    return Candidate(
        accuracy=entry.kind,
        lat=entry.lat,
        lon=entry.lon,
        number="",
        name=entry.name,
        commune=entry.commune,
        postcode=entry.postcode,
        score=100.0,
        spread_metres=entry.spread_metres,
    )


def _digits(number: str) -> int:
    head = re.match(r"\d+", number)
    return int(head[0]) if head else 0


def _metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    east = (other_lon - lon) * math.cos(math.radians(lat))
    return math.radians(math.hypot(other_lat - lat, east)) * EARTH
