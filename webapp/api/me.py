"""Who the token acts for, and its owner's other tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from apiflask import APIBlueprint
from pydantic import Field, StringConstraints

from logistics import rights, tokens
from logistics.counter import accounts
from logistics.counter import tokens as counter
from logistics.tokens import TokenRow

from .bodies import PLAIN, Answer, Body
from .operations import Call, Made, operation

room = APIBlueprint("api_me", __name__, url_prefix="/api/v1", tag="account")

Scope = Literal[
    "account", "imports:write", "orders:read", "orders:write", "people:read", "people:write", "plans:read",
    "plans:write", "stock:read", "stock:write", "tours:read", "tours:write", "users:read", "users:write",
]  # fmt: skip


class MeOut(Answer):
    """The account behind the token."""

    login: str
    role: str
    sites: list[str] | None = Field(description="Site codes the account is limited to; null = all.")
    employee_number: str | None
    van_code: str | None
    scopes: list[str]


class TokenIn(Body):
    """A token to make."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x20\x7f-\x9f]" + PLAIN[1:])]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(rights.SCOPES))]
    days: Annotated[int, Field(ge=1, le=tokens.MOST_DAYS)] = tokens.USUAL_DAYS


class TokenOut(Answer):
    """A token, without its text."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    state: str = Field(json_schema_extra={"enum": ["open", "expired", "revoked"]})
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewTokenOut(TokenOut):
    """A token with its text, told this once; null when the answer is replayed."""

    token: str | None


class TokensOut(Answer):
    """The owner's tokens, newest first."""

    items: list[TokenOut]


@operation(room, "GET", "/me", right="account.own", gives=MeOut)
def me(call: Call) -> MeOut:
    """Who this token acts for."""
    seen = call.viewer
    return MeOut(
        login=seen.login, role=seen.role, sites=sorted(seen.sites) if seen.sites is not None else None,
        employee_number=seen.employee_number, van_code=seen.van_code, scopes=sorted(seen.scopes or ()),
    )  # fmt: skip


@operation(room, "GET", "/tokens", right="account.own", gives=TokensOut)
def list_tokens(call: Call) -> TokensOut:
    """The owner's tokens, newest first, without their texts."""
    return TokensOut(items=[_told(one, call.now) for one in counter.mine(call.session, call.viewer)])


@operation(room, "POST", "/tokens", right="account.own", takes=TokenIn, gives=NewTokenOut, status=201, creates=True,
           secret=("token",))  # fmt: skip
def make_token(call: Call, body: TokenIn) -> Made:
    """Make a token for the same owner, with no more scopes than this one has; its text is told this once."""
    text, made = counter.make(
        call.session, call.viewer, name=body.name, scopes=frozenset(body.scopes), days=body.days, now=call.now
    )
    told = NewTokenOut(token=text, **_told(made, call.now).model_dump())
    return Made(told, {"Location": f"/api/v1/tokens/{made.id}"})


@operation(room, "DELETE", "/tokens/<int:token_id>", right="account.own", gives=TokenOut)
def revoke_token(call: Call, token_id: int) -> TokenOut:
    """End a token of the owner at once; one that has ended stays as it is."""
    return _told(counter.revoke(call.session, call.viewer, token_id, now=call.now), call.now)


@operation(room, "POST", "/me/end-sessions", right="account.own", status=204)
def end_sessions(call: Call) -> None:
    """Sign the owner out of every browser, after a phone was lost; tokens stay as they are."""
    accounts.end_own_sessions(call.session, call.viewer)


def _told(row: TokenRow, now: datetime) -> TokenOut:
    return TokenOut(
        id=row.id, name=row.name, prefix=row.prefix, scopes=list(row.scopes), state=row.state(now), made_at=row.made_at,
        expires_at=row.expires_at, last_used_at=row.last_used_at, revoked_at=row.revoked_at,
    )  # fmt: skip
