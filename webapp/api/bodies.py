"""What may come in: JSON without tricks, strict models, texts without signs that nobody can see."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import date, time
from typing import Annotated, Any, NoReturn

from apiflask.schema_adapters import registry
from apiflask.schema_adapters.pydantic import PydanticAdapter
from flask import Request, current_app
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, StringConstraints, ValidationError

from .problems import Problem, fields_of

#: Brackets within brackets that anything we read may have.
DEEPEST = 16
#: Up to here every whole number has a float of its own.
WHOLE = 2**53
#: Bytes of a body that is not a file.
BODY_LIMIT = "API_BODY_LIMIT_BYTES"

#: Texts of one line and of several, without signs that nobody can see.
PLAIN = r"^[^\x00-\x1f\x7f-\x9f]*$"
WORDS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
Line = Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00-\x20\x7f-\x9f/#]+$")]
Note = Annotated[str, StringConstraints(max_length=400, pattern=WORDS)]


#: A day of this century as 2026-11-23 (no 31st of April), a clock time of the site as 09:30.
DAY = (
    r"^(20[0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    r"|20([02468][048]|[13579][26])-02-29)$"
)
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


def _a_day(text: object) -> date:
    if not isinstance(text, str) or not re.fullmatch(DAY, text):
        raise ValueError("a day as 2026-11-23")
    return date.fromisoformat(text)


def _a_clock(text: object) -> time:
    if not isinstance(text, str) or not re.fullmatch(CLOCK, text):
        raise ValueError("a clock time as 09:30")
    return time.fromisoformat(text)


Day = Annotated[
    date, PlainValidator(_a_day, json_schema_input_type=Annotated[str, StringConstraints(pattern=DAY)]),
]  # fmt: skip
Clock = Annotated[
    time, PlainValidator(_a_clock, json_schema_input_type=Annotated[str, StringConstraints(pattern=CLOCK)]),
]  # fmt: skip


def _told_clock(moment: object) -> object:
    return f"{moment:%H:%M}" if isinstance(moment, time) else moment


#: A clock time as it is sent.
ClockOut = Annotated[str, BeforeValidator(_told_clock)]


def day_in_address(text: str) -> date:
    """A day of an address.

    Raises:
        Problem: anything else is an address that does not exist.
    """
    if re.fullmatch(DAY, text):
        return date.fromisoformat(text)
    raise Problem("unknown-record")


class Body(BaseModel):
    """What a request's body may hold: exactly these fields, of exactly these types."""

    model_config = ConfigDict(strict=True, extra="forbid", str_strip_whitespace=False)


class Query(BaseModel):
    """What may follow the question mark, each name once; numbers are written in digits."""

    model_config = ConfigDict(extra="forbid")

    def told(self, left_out: set[str]) -> str:
        """Everything that was asked for but `left_out`, in one form."""
        return _told(self, left_out)


class Paged(Query):
    """A list that is read page by page."""

    limit: int = Field(50, ge=1, le=100, description="How many at most.")
    cursor: str | None = Field(
        None, min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.-]+$",
        description="`next` of the page before; a cursor of another list or filter is refused.",
    )  # fmt: skip


class Search(Body):
    """A list that is asked for by a text; in the body, so that no name stands in an address."""

    text: Annotated[Line, Field(max_length=80)] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.-]+$")] | None = None

    def paged(self) -> Paged:
        """Which page is wanted; the text is part of what a cursor belongs to."""
        return Sought(limit=self.limit, cursor=self.cursor, filters=_told(self, {"cursor", "limit"}))


class Sought(Paged):
    """A page of a search."""

    filters: str = ""


def _told(asked: BaseModel, left_out: set[str]) -> str:
    return json.dumps(asked.model_dump(exclude=left_out), default=str)


class Answer(BaseModel):
    """What is sent back; made from the read models' attributes."""

    model_config = ConfigDict(from_attributes=True)


class StrictAdapter(PydanticAdapter):
    """Reads JSON and query strings the strict way; what is wrong is told all at once."""

    def validate_input(self, request: Request, location: str, **_kwargs: Any) -> BaseModel:
        """The body or the query as the model wants it.

        Raises:
            Problem: says everything that is wrong.
        """
        if location == "query":
            return _query(self.model_class, request)
        if location == "json":
            return _body(self.model_class, request)
        raise AssertionError(f"no operation reads {location}")


registry.register("pydantic", StrictAdapter)


def _query(model: type[BaseModel], request: Request) -> BaseModel:
    repeated = sorted(name for name, values in request.args.lists() if len(values) > 1)
    if repeated:
        raise Problem("bad-query", f"{repeated[0][:40]!r} is told more than once")
    typed = request.args.to_dict()
    if any(not is_clean(value) or not is_clean(name) for name, value in typed.items()):
        raise Problem("bad-query", "a control character")
    try:
        return model.model_validate(typed)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise Problem("bad-query", errors=fields_of(found)) from None


def _body(model: type[BaseModel], request: Request) -> BaseModel:
    if request.mimetype != "application/json" or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        raise Problem("unsupported-media-type", "application/json is needed")
    raw = read_body(request)
    read = check_json(raw)
    try:
        return model.model_validate_json(json.dumps(read))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise Problem("invalid-body", errors=fields_of(found)) from None


def read_body(request: Request) -> bytes:
    """The body's bytes, up to the limit.

    Raises:
        Problem: larger than the limit; no more than that was read.
    """
    limit = int(current_app.config[BODY_LIMIT])
    if request.content_encoding:
        raise Problem("unsupported-media-type", "a body that is not packed is needed")
    if (request.content_length or 0) > limit:
        raise Problem("too-large", f"at most {limit} bytes")
    request.max_content_length = limit
    return request.get_data(cache=True)


def is_clean(text: str) -> bool:
    """Whether a text of an address or a header holds nothing invisible."""
    return not any(ord(sign) < 32 or 127 <= ord(sign) < 160 or 0xD800 <= ord(sign) < 0xE000 for sign in text)


_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def check_json(raw: bytes) -> Any:
    """Read JSON, refusing what two readers could understand differently; 2.0 is the whole number 2, as in JSON Schema.

    Raises:
        Problem: no JSON, not UTF-8, a byte order mark, a name twice, NaN, a number beyond all bounds, brackets too
            deep, NUL or half a character.
    """
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise Problem("bad-json", "a byte order mark")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Problem("bad-json", "not UTF-8") from None
    _check_depth(raw)
    try:
        read = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Problem("bad-json", "not JSON") from None
    for found in _texts(read):
        if "\0" in found or any(0xD800 <= ord(sign) < 0xE000 for sign in found):
            raise Problem("bad-json", "NUL or half a character in a text")
    return read


def _check_depth(raw: bytes) -> None:
    depth = 0
    for sign in _STRING.sub(b"", raw):
        depth += (sign in b"[{") - (sign in b"]}")
        if depth > DEEPEST:
            raise Problem("bad-json", f"more than {DEEPEST} brackets within one another")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Problem("bad-json", "a name is told twice")
    return made


def _no_number(_text: str) -> NoReturn:
    raise Problem("bad-json", "NaN and Infinity are no numbers")


def _finite(text: str) -> float | int:
    number = float(text)
    if not math.isfinite(number):
        raise Problem("bad-json", "a number beyond all bounds")
    return int(number) if number.is_integer() and abs(number) < WHOLE else number


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _texts(one)
