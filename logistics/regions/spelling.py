"""How addresses are written: one spelling for all spellings, and an address text taken apart."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

#: Short forms that stand for one word wherever they appear. Both sides of every comparison are written out.
SHORT = {
    "ave": "avenue",
    "av": "avenue",
    "avn": "avenue",
    "bd": "boulevard",
    "bld": "boulevard",
    "blvd": "boulevard",
    "boul": "boulevard",
    "bvd": "boulevard",
    "pl": "place",
    "plc": "place",
    "rte": "route",
    "ch": "chemin",
    "che": "chemin",
    "chem": "chemin",
    "imp": "impasse",
    "all": "allee",
    "fg": "faubourg",
    "fbg": "faubourg",
    "sq": "square",
    "esc": "escalier",
    "qu": "quai",
    "mte": "montee",
    "trav": "traverse",
    "trv": "traverse",
    "crs": "cours",
    "prom": "promenade",
    "pass": "passage",
    "sent": "sentier",
    "lot": "lotissement",
    "res": "residence",
    "st": "saint",
    "ste": "sainte",
    "sts": "saints",
    "gal": "general",
    "gen": "general",
    "mal": "marechal",
    "pdt": "president",
    "pres": "president",
    "dr": "docteur",
    "prof": "professeur",
    "cdt": "commandant",
    "col": "colonel",
    "lt": "lieutenant",
    "mgr": "monseigneur",
    "str": "strasse",
    "road": "road",
    "rd": "road",
}
#: Short only as the first word: "r de la gare" is a street, "d r" is not.
SHORT_FIRST = {"r": "rue", "q": "quai", "p": "place"}
#: Kinds of street: two names that differ only here are two streets.
KINDS = frozenset(
    {
        "allee",
        "avenue",
        "boulevard",
        "chemin",
        "corniche",
        "cours",
        "descente",
        "escalier",
        "escaliers",
        "esplanade",
        "faubourg",
        "gasse",
        "impasse",
        "lacets",
        "lotissement",
        "montee",
        "passage",
        "place",
        "placette",
        "promenade",
        "quai",
        "residence",
        "road",
        "rond",
        "route",
        "rue",
        "ruelle",
        "sentier",
        "square",
        "strasse",
        "traverse",
        "triq",
        "venelle",
        "voie",
        "weg",
    }
)
LITTLE = frozenset({"a", "au", "aux", "d", "de", "der", "des", "du", "en", "et", "l", "la", "le", "les", "sur"})
COUNTRIES = frozenset(
    {
        "austria",
        "deutschland",
        "finland",
        "france",
        "fr",
        "furstentum liechtenstein",
        "germany",
        "italia",
        "italie",
        "italy",
        "li",
        "liechtenstein",
        "malta",
        "mc",
        "osterreich",
        "principaute de monaco",
        "schweiz",
        "suisse",
        "suomi",
        "switzerland",
    }
)
_ONE = r"\d{1,4}(?: ?(?:bis|ter|quater|[a-z])(?![a-z]))?"
_NUMBER = rf"{_ONE}(?: \d{{1,4}}(?: ?[a-z](?![a-z]))?)?"
_NEXT = re.compile(r"(\w) (?=\d)")
_LEADING = re.compile(rf"^({_NUMBER}) (.+)$")
_TRAILING = re.compile(rf"^(.+?) ({_NUMBER})$")
_POSTCODE = re.compile(r"(?:^|(?<= ))(?:(?:fl|f|fr|mc|li|ch|at|a|d|de) )?(\d{4,5}|[a-z]{3} ?\d{4})(?= |$)")
_CEDEX = re.compile(r" ?\bcedex\b(?: \d{1,2})?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An address taken apart and folded; parts that the text does not tell are empty.

    `street` still holds the number, which cannot always be told from the name, as in "rue du 11 novembre 1918".
    `lines` are the pieces of `street` between commas: one may be the street and the others a building or a floor.
    """

    street: str
    postcode: str
    city: str
    lines: tuple[str, ...] = ()


def fold(text: str) -> str:
    """One spelling for all: small letters, no accents, no punctuation, short forms written out."""
    spread = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae").replace("ø", "o"))
    plain = "".join(letter for letter in spread if not unicodedata.combining(letter))
    words = re.sub(r"[^\w]+|_", " ", plain).split()
    return " ".join(_written_out(word, first=not at) for at, word in enumerate(words))


def number_and_street(text: str) -> tuple[str, str]:
    """The house number of a folded street line, without spaces, and the rest; "" where no number stands at an end."""
    for pattern, number, street in ((_LEADING, 1, 2), (_TRAILING, 2, 1)):
        match = pattern.match(text)
        if match and any(letter.isalpha() for letter in match[street]):
            return _NEXT.sub(r"\1-", match[number]).replace(" ", ""), _again(match[street])
    return "", text


def fold_number(text: str) -> str:
    """A house number as it is compared: small letters, no spaces, ranges with a hyphen."""
    return re.sub(r"[\s./]+", "", text.casefold())


def take_apart(text: str) -> Wanted:
    """Read one line of text as street, postcode and city.

    A city without a comma or a postcode before it stays in `street`: only who knows the cities can tell it.
    """
    parts = [fold(part) for part in re.split(r"[,;\n]", text)]
    parts = [part for part in (_CEDEX.sub("", part).strip() for part in parts) if part]
    if len(parts) > 1 and parts[-1] in COUNTRIES:
        parts.pop()
    for at in range(len(parts) - 1, -1, -1):
        for match in reversed(list(_POSTCODE.finditer(parts[at]))):
            before, after = parts[at][: match.start()].strip(), parts[at][match.end() :].strip()
            if not _is_postcode(match[1], before=before, after=after):
                continue
            lines = tuple(part for part in (*parts[:at], before) if part)
            city = " ".join([after, *parts[at + 1 :]]).strip()
            return Wanted(" ".join(lines), match[1].replace(" ", ""), city, lines)
    if len(parts) > 1:
        return Wanted(" ".join(parts[:-1]), "", parts[-1], tuple(parts[:-1]))
    return Wanted(parts[0] if parts else "", "", "")


def kind_of(street: str) -> str:
    """The kind of street in a folded name, "" where it names none."""
    return next((word for word in street.split() if word in KINDS), "")


def telling(street: str) -> tuple[str, ...]:
    """The words of a folded name that tell it from others of its kind."""
    return tuple(word for word in street.split() if word not in KINDS and word not in LITTLE)


def _is_postcode(code: str, *, before: str, after: str) -> bool:
    """A lone number before a street is a house number; a year at the end of a street name is none of both."""
    if len(code) == 4 and code.isdigit():
        return bool(after) and (bool(before) or not kind_of(after))
    return True


def _written_out(word: str, *, first: bool) -> str:
    if first and word in SHORT_FIRST:
        return SHORT_FIRST[word]
    if word in SHORT:
        return SHORT[word]
    if word.endswith("str") and len(word) > 5:
        return f"{word}asse"
    return word


def _again(text: str) -> str:
    """What follows a number begins a line of its own: its first word may be short."""
    first, _, rest = text.partition(" ")
    return f"{_written_out(first, first=True)} {rest}".strip()
