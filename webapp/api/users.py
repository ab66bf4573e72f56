"""Who may sign in, for administrators."""

from __future__ import annotations

from typing import Annotated, Literal

from apiflask import APIBlueprint
from pydantic import Field

from logistics.counter import accounts as counter
from logistics.errors import UnknownRecord
from logistics.invitations import Link
from logistics.users import Account

from ..here import system
from . import pages
from .bodies import Answer, Body, Code, Line, Paged
from .operations import Call, Made, operation

room = APIBlueprint("api_users", __name__, url_prefix="/api/v1/users", tag="users")
Login = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]*$")]


class UserIn(Body):
    """Somebody who may sign in."""

    login: Login
    name: Annotated[Line, Field(min_length=1, max_length=120)]
    role: Literal["admin", "coordinator", "warehouse", "agent", "courier", "employee", "auditor"]
    employee_number: Code | None = None
    van: Code | None = None
    sites: Annotated[list[Code], Field(max_length=100, default_factory=list)]
    email: Annotated[Line, Field(max_length=200)] = ""


class ActiveIn(Body):
    """Whether the account is open."""

    active: bool


class UserOut(Answer):
    """An account, without anything secret."""

    login: str
    name: str
    role: str
    sites: list[str]
    van_code: str | None
    employee_number: str | None
    is_active: bool
    has_password: bool
    has_second_factor: bool
    version: int


class UsersOut(Answer):
    """A page of accounts, by login."""

    items: list[UserOut]
    next: str | None


class LinkIn(Body):
    """How the link reaches its owner."""

    by_mail: bool = False


class LinkOut(Answer):
    """A link by which the account's owner chooses a password, once. `path` is told this once; null when replayed."""

    login: str
    purpose: str
    path: str | None
    hours: int
    mailed: bool


class EmailIn(Body):
    """Where the account's mails go; empty = only printed links."""

    email: Annotated[Line, Field(max_length=200)]


@operation(room, "GET", "", right="users.read", asks=Paged, gives=UsersOut)
def list_users(call: Call, query: Paged) -> UsersOut:
    """Everybody who may sign in."""
    items, following = pages.page(counter.index(call.session, call.viewer), query)
    return UsersOut(items=[_told(one) for one in items], next=following)


@operation(room, "GET", "/<login>", right="users.read", gives=UserOut)
def get_user(call: Call, login: str) -> UserOut:
    """One account."""
    return _one(call, login)


@operation(room, "POST", "", right="users.change", takes=UserIn, gives=LinkOut, status=201, creates=True,
           secret=("path",))  # fmt: skip
def add_user(call: Call, body: UserIn) -> Made:
    """Add somebody; they choose their password by the link, which is told this once."""
    login, link = counter.add(
        call.session, call.viewer, login=body.login, role=body.role, name=body.name,
        employee_number=body.employee_number, van_code=body.van, sites=frozenset(body.sites), email=body.email,
        settings=system().settings, now=call.now,
    )  # fmt: skip
    return Made(_link(login, link), {"Location": f"/api/v1/users/{login}"})


@operation(room, "POST", "/<login>/link", right="users.change", takes=LinkIn, gives=LinkOut, status=201, creates=True,
           secret=("path",))  # fmt: skip
def make_link(call: Call, body: LinkIn, login: str) -> Made:
    """A link to choose a password by, told this once or mailed; the old password works until it is used."""
    known, link = counter.link(
        call.session, call.viewer, login, settings=system().settings, by_mail=body.by_mail, now=call.now
    )
    return Made(_link(known, link))


@operation(room, "PUT", "/<login>/email", right="users.change", takes=EmailIn, gives=UserOut,
           versioned=True)  # fmt: skip
def set_email(call: Call, body: EmailIn, login: str) -> UserOut:
    """Where the account's mails go."""
    counter.set_email(call.session, call.viewer, login, body.email, expected_version=call.version)
    return _one(call, login)


@operation(room, "DELETE", "/<login>/factors", right="users.change", gives=UserOut, versioned=True)
def remove_factors(call: Call, login: str) -> UserOut:
    """Take every second factor of an account away, for somebody who has lost them; its sessions end."""
    counter.remove_factors(
        call.session, call.viewer, login, settings=system().settings, now=call.now, expected_version=call.version
    )
    return _one(call, login)


@operation(room, "PUT", "/<login>/active", right="users.change", takes=ActiveIn, gives=UserOut,
           versioned=True)  # fmt: skip
def set_active(call: Call, body: ActiveIn, login: str) -> UserOut:
    """Close an account or open it again; the last open administrator stays."""
    counter.set_active(call.session, call.viewer, login, body.active, expected_version=call.version)
    return _one(call, login)


def _link(login: str, link: Link) -> LinkOut:
    mailed = bool(link.mailed_to)
    return LinkOut(login=login, purpose=link.purpose, path=None if mailed else link.path, hours=link.hours,
                   mailed=mailed)  # fmt: skip


def _one(call: Call, login: str) -> UserOut:
    for one in counter.index(call.session, call.viewer):
        if one.login == login.lower():
            return _told(one)
    raise UnknownRecord("user", login)


def _told(one: Account) -> UserOut:
    return UserOut(
        login=one.login, name=one.name, role=one.role, sites=sorted(one.sites), van_code=one.van_code,
        employee_number=one.employee_number, is_active=one.is_active, has_password=one.has_password,
        has_second_factor=one.has_second_factor, version=one.version,
    )  # fmt: skip
