"""Every column that holds something about a person, what for, how long, and what erasing the person does to it.

The one register: `docs/reference/personal-data.md` is written from it by `python -m logistics.personal_columns`, and a
test walks every mapped table and fails for a text, number with a point, or JSON column that stands neither here nor in
`IMPERSONAL`. Who sees what of it is another question: see `personal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

KINDS = ("name", "address", "contact", "point", "free text", "number", "account", "proof", "trait")
PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "personal-data.md"

UNTIL_ERASED = "until erased"
WITH_THE_ROW = "as long as its row"
EMPTIED = "emptied"
KEPT = "kept; it names nobody once the name is gone"
ROW_GOES = "the row is deleted"


@dataclass(frozen=True, slots=True)
class PersonalColumn:
    """What one column holds of a person: one of `KINDS`, why, how long, and what erasing does."""

    kind: str
    purpose: str
    retention: str
    erasing: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS or not (self.purpose and self.retention and self.erasing):
            raise ValueError(f"not a kind of personal data, or an empty word: {self}")


_DELIVER = "a visit at the right door"
_REACH = "to reach somebody about a visit"
_WHO = "who did it, for the books"
_SIGN_IN = "to sign in"
_LEDGER = "kept; the books are append-only"

REGISTER: Mapping[str, PersonalColumn] = {
    "employee.number": PersonalColumn("number", "tells employees apart", UNTIL_ERASED, KEPT),
    "employee.given_name": PersonalColumn("name", "to greet and to find", UNTIL_ERASED, EMPTIED),
    "employee.family_name": PersonalColumn("name", "to greet and to find", UNTIL_ERASED, EMPTIED),
    "employee.folded_name": PersonalColumn("name", "to find without accents", UNTIL_ERASED, EMPTIED),
    "employee.email": PersonalColumn("contact", _REACH, UNTIL_ERASED, EMPTIED),
    "employee.phone": PersonalColumn("contact", _REACH, UNTIL_ERASED, EMPTIED),
    "employee.language": PersonalColumn("trait", "mails in their language", UNTIL_ERASED, EMPTIED),
    "employee.department": PersonalColumn("trait", "to tell namesakes apart", UNTIL_ERASED, EMPTIED),
    "employee.manager_number": PersonalColumn("number", "whom to ask", UNTIL_ERASED, EMPTIED),
    "address.line": PersonalColumn("address", _DELIVER, UNTIL_ERASED, EMPTIED),
    "address.postal_code": PersonalColumn("address", _DELIVER, UNTIL_ERASED, EMPTIED),
    "address.city": PersonalColumn("address", _DELIVER, UNTIL_ERASED, EMPTIED),
    "address.country": PersonalColumn("address", _DELIVER, UNTIL_ERASED, EMPTIED),
    "address.access_note": PersonalColumn("free text", "codes and floors for the courier", UNTIL_ERASED, EMPTIED),
    "address.lat": PersonalColumn("point", "to plan tours", UNTIL_ERASED, EMPTIED),
    "address.lon": PersonalColumn("point", "to plan tours", UNTIL_ERASED, EMPTIED),
    "address_view.actor": PersonalColumn("account", "who asked for a home, and when", UNTIL_ERASED, KEPT),
    "holder.key": PersonalColumn("number", "who has which piece", WITH_THE_ROW, _LEDGER),
    "movement.actor": PersonalColumn("account", _WHO, WITH_THE_ROW, _LEDGER),
    "movement.reason": PersonalColumn("free text", "why something was counted otherwise", WITH_THE_ROW, _LEDGER),
    "equipment_order.note": PersonalColumn("free text", "what the courier should know", UNTIL_ERASED, EMPTIED),
    "equipment_order.placed_by": PersonalColumn("account", _WHO, WITH_THE_ROW, KEPT),
    "order_event.actor": PersonalColumn("account", _WHO, WITH_THE_ROW, KEPT),
    "order_event.facts": PersonalColumn("free text", "why it was amended or cancelled", UNTIL_ERASED, EMPTIED),
    "plan.made_by": PersonalColumn("account", _WHO, WITH_THE_ROW, KEPT),
    "pick_line.changed_by": PersonalColumn("account", _WHO, WITH_THE_ROW, KEPT),
    "stop_event.actor": PersonalColumn("account", _WHO, WITH_THE_ROW, KEPT),
    "stop_event.facts": PersonalColumn("free text", "what the courier told at the door", UNTIL_ERASED, EMPTIED),
    "tour.geometry": PersonalColumn("point", "the line on the map, which passes every door", WITH_THE_ROW, EMPTIED),
    "task.asked_by": PersonalColumn("account", _WHO, WITH_THE_ROW, KEPT),
    "outbox_message.recipient": PersonalColumn(
        "contact", "where a mail goes", "until it is sent or given up, then emptied", EMPTIED
    ),
    "outbox_message.payload": PersonalColumn(
        "free text", "what a mail says", "until it is sent or given up, then emptied", EMPTIED
    ),
    "stored_answer.body": PersonalColumn("free text", "to answer a repeated request alike", "48 hours", ROW_GOES),
    "user_account.login": PersonalColumn("account", _SIGN_IN, UNTIL_ERASED, "kept, closed; the books name it"),
    "user_account.name": PersonalColumn("name", "to greet", UNTIL_ERASED, EMPTIED),
    "user_account.email": PersonalColumn("contact", "invitations and resets", UNTIL_ERASED, EMPTIED),
    "user_account.language": PersonalColumn("trait", "pages in their language", UNTIL_ERASED, EMPTIED),
    "user_account.password_hash": PersonalColumn("proof", _SIGN_IN, UNTIL_ERASED, EMPTIED),
    "user_account.sign_in_subject": PersonalColumn("proof", "the company's own sign-in", UNTIL_ERASED, EMPTIED),
    "sign_in_failure.subject": PersonalColumn(
        "account", "to lock out who guesses; a keyed hash", "as long as it counts", ROW_GOES
    ),
    "account_link.digest": PersonalColumn("proof", "an invitation or a reset", WITH_THE_ROW, ROW_GOES),
    "account_link.made_by": PersonalColumn("account", _WHO, WITH_THE_ROW, ROW_GOES),
    "api_token.name": PersonalColumn("free text", "which program it is for", WITH_THE_ROW, ROW_GOES),
    "api_token.prefix": PersonalColumn("proof", "to tell one's tokens apart", WITH_THE_ROW, ROW_GOES),
    "api_token.digest": PersonalColumn("proof", _SIGN_IN, WITH_THE_ROW, ROW_GOES),
    "api_token.made_by": PersonalColumn("account", _WHO, WITH_THE_ROW, ROW_GOES),
    "recovery_code.digest": PersonalColumn("proof", _SIGN_IN, WITH_THE_ROW, ROW_GOES),
    "second_factor.name": PersonalColumn("free text", "which device it is", WITH_THE_ROW, ROW_GOES),
    "second_factor.secret": PersonalColumn("proof", _SIGN_IN, WITH_THE_ROW, ROW_GOES),
    "second_factor.credential_id": PersonalColumn("proof", _SIGN_IN, WITH_THE_ROW, ROW_GOES),
    "second_factor.public_key": PersonalColumn("proof", _SIGN_IN, WITH_THE_ROW, ROW_GOES),
}

#: Columns that say nothing of a person, by table; a code, a key, a thing, or a place of the company's.
_NOTHING = {
    "account_link": "purpose",
    "address": "accuracy source unlocated_reason",
    "address_view": "purpose",
    "api_token": "scopes",
    "asset": "asset_tag serial grade data_state",
    "balance": "grade",
    "equipment_order": "reference kind state severity",
    "holder": "kind",
    "job": "kind state",
    "movement": "key cause grade",
    "order_event": "kind",
    "order_line": "direction state",
    "outbox_message": "key kind state error_code",
    "pick_line": "state",
    "plan": "status engine solve_seconds basis",
    "product": "sku name tracking skills",
    "reservation": "grade cause state",
    "second_factor": "kind",
    "site": "code name address_line postal_code city country lat lon timezone",
    "stop": "kind state failure",
    "stop_event": "id kind digest",
    "stored_answer": "key digest headers",
    "task": "id kind arguments state lease_token progress result error_code error",
    "tour": "state travel_source",
    "unserved": "code facts",
    "upload": "id kind digest",
    "user_account": "role sites",
    "van": "code name kind skills",
}
IMPERSONAL = frozenset(f"{table}.{column}" for table, names in _NOTHING.items() for column in names.split())

HEAD = """# Personal data

Every column that holds something about a person. The register stands in `logistics/personal_columns.py`, from which
this page is written by `python -m logistics.personal_columns`; a column in neither of its lists fails the tests. Who
sees what of it is in [access](access.md).

*Retention* is what the programs do today: *until erased* means that nothing deletes it by age. There is no command that
erases a person yet; *erasing* is what such a deed does to the column, and what an administrator has to do by hand in
the database until then.

| Column | Kind | What for | Retention | Erasing |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The page as it should stand."""
    rows = (
        f"| `{name}` | {one.kind} | {one.purpose} | {one.retention} | {one.erasing} |"
        for name, one in sorted(REGISTER.items())
    )
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
