"""Passwords that are guessed first: words everybody uses, runs and repeats, the product's name, one's own name."""

from __future__ import annotations

import re
import unicodedata

#: The stems that lists of stolen passwords are full of; endings, capitals and look-alike signs change nothing.
STEMS = (
    "123456", "1q2w3e", "1qaz2wsx", "abc123", "abcdef", "admin", "administrateur", "administrator", "azerty",
    "baseball", "batman", "bienvenue", "bonjour", "changeme", "charlie", "chocolat", "chocolate", "computer", "default",
    "doudou", "dragon", "football", "freedom", "hello", "iloveyou", "jetaime", "letmein", "login", "loulou",
    "marseille", "master", "michael", "monkey", "motdepasse", "ninja", "passe", "passw0rd", "password", "princess",
    "princesse", "qazwsx", "qwerty", "qwertz", "secret", "shadow", "soleil", "starwars", "sunshine", "superman",
    "tournee", "trustno1", "welcome", "whatever", "zxcvbn",
)  # fmt: skip
#: Letters and signs that stand for one another.
ALIKE = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
RUNS = ("0123456789" * 3, "abcdefghijklmnopqrstuvwxyz" * 2, "azertyuiopqsdfghjklmwxcvbn", "qwertyuiopasdfghjklzxcvbnm")
#: What must be left of a password besides such words for it to be worth anything.
LEAST_OF_ITS_OWN = 5


def is_guessed_first(password: str, *own: str) -> bool:
    """Whether hardly anything is left of it when such words, `own` words, runs and repeats are taken away."""
    plain = _plain(password)
    for spelled in {plain, plain.translate(ALIKE)}:
        left = spelled
        words = [*STEMS, *(word.translate(ALIKE) for word in STEMS), *(_plain(word) for word in own)]
        for word in sorted((word for word in words if len(word) > 2), key=len, reverse=True):
            left = left.replace(word, "")
        if len(set(_without_runs(left))) < LEAST_OF_ITS_OWN:
            return True
    return False


def _plain(text: str) -> str:
    spelled = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in spelled if not unicodedata.combining(letter))


def _without_runs(text: str) -> str:
    """Without digits that only end it, without runs of four or more in a row, without repeats."""
    text = re.sub(r"(.)\1{2,}", r"\1", re.sub(r"[\d\W_]{1,4}$", "", text))
    for start in range(len(text) - 3):
        piece = text[start : start + 4]
        if any(piece in run or piece[::-1] in run for run in RUNS):
            return _without_runs(text[:start] + text[start + 4 :])
    return text
