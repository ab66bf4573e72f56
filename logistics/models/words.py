"""How a column is held to a list of words."""

from __future__ import annotations


def one_of(column: str, words: tuple[str, ...]) -> str:
    """The condition that a column holds one of the words."""
    return f"{column} IN ({', '.join(repr(word) for word in words)})"
