"""Who may sign in, for administrators."""

from __future__ import annotations

from typing import Annotated, Literal

from apiflask import APIBlueprint
from pydantic import Field

from logistics.counter import accounts as counter
from logistics.errors import UnknownRecord
from logistics.users import Account, normal_login

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


class UsersOut(Answer):
    """A page of accounts, by login."""

    items: list[UserOut]
    next: str | None


class PasswordOut(Answer):
    """An account's new password, told this once; null when the answer is replayed."""

    login: str
    password: str | None


@operation(room, "GET", "", right="users.read", asks=Paged, gives=UsersOut)
def list_users(call: Call, query: Paged) -> UsersOut:
    """Everybody who may sign in."""
    items, following = pages.page(counter.index(call.session, call.viewer), query)
    return UsersOut(items=[_told(one) for one in items], next=following)


@operation(room, "GET", "/<login>", right="users.read", gives=UserOut)
def get_user(call: Call, login: str) -> UserOut:
    """One account."""
    return _one(call, login)


@operation(room, "POST", "", right="users.change", takes=UserIn, gives=PasswordOut, status=201, creates=True,
           secret=("password",))  # fmt: skip
def add_user(call: Call, body: UserIn) -> Made:
    """Add somebody; the password is made here and told this once."""
    made = counter.add(
        call.session, call.viewer, login=body.login, role=body.role, name=body.name,
        employee_number=body.employee_number, van_code=body.van, sites=frozenset(body.sites),
    )  # fmt: skip
    login = normal_login(body.login)
    return Made(PasswordOut(login=login, password=made), {"Location": f"/api/v1/users/{login}"})


@operation(room, "POST", "/<login>/password", right="users.change", gives=PasswordOut, creates=True,
           secret=("password",))  # fmt: skip
def new_password(call: Call, login: str) -> PasswordOut:
    """A new password, told this once; every session of the account ends."""
    return PasswordOut(login=login, password=counter.new_password(call.session, call.viewer, login))


@operation(room, "PUT", "/<login>/active", right="users.change", takes=ActiveIn, gives=UserOut)
def set_active(call: Call, body: ActiveIn, login: str) -> UserOut:
    """Close an account or open it again; the last open administrator stays."""
    counter.set_active(call.session, call.viewer, login, body.active)
    return _one(call, login)


def _one(call: Call, login: str) -> UserOut:
    for one in counter.index(call.session, call.viewer):
        if one.login == login.lower():
            return _told(one)
    raise UnknownRecord("user", login)


def _told(one: Account) -> UserOut:
    return UserOut(
        login=one.login, name=one.name, role=one.role, sites=sorted(one.sites), van_code=one.van_code,
        employee_number=one.employee_number, is_active=one.is_active, has_password=one.has_password,
    )  # fmt: skip
