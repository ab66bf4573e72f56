"""What may stand in an address for an object: numbers that a row can have, and names without control characters."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, UnicodeConverter

#: What the databases' integer columns hold; a larger number is nobody's.
LARGEST = 2**31 - 1
LONGEST = 255


class RowNumber(IntegerConverter):
    """A number from 0 that a row can have; with any other the address does not exist."""

    def __init__(self, url_map: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(url_map, *arguments, **{"max": LARGEST, **options})


class Name(UnicodeConverter):
    """A name of at most `LONGEST` characters, none of them a control character; `but` is a word that is no name."""

    def __init__(self, url_map: Any, *arguments: Any, but: str = "", **options: Any) -> None:
        super().__init__(url_map, *arguments, **options)
        other = rf"(?!{re.escape(but)}\Z)" if but else ""
        self.regex = rf"{other}[^/\x00-\x1f\x7f]{{1,{LONGEST}}}"


def limit(app: Flask) -> None:
    """Hold every route made from now on to it."""
    app.url_map.converters.update(int=RowNumber, default=Name, string=Name)
