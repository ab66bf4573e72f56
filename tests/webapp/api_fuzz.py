"""Every operation of the API, called with data it asks for and with data it must refuse, with every role's token.

    python -m tests.webapp.api_fuzz                      20 examples and the edges of each operation
    python -m tests.webapp.api_fuzz --max-examples 2000 --edges all  a long profile
    python -m tests.webapp.api_fuzz --only place_order --seed 7

Each example is sent once with the token of each of the seven roles, over WSGI, to one small company in SQLite that they
all change. Beside what is drawn by chance, the edges of every operation are walked: each bound, each field that is
missing or of another type, headers left out, methods that are not there; one after the other with one role's token, or
each with every role's (`--edges all`). All checks of Schemathesis run. An answer 412 or 422 to data that fits the
document is a rule's refusal (no such product, a day that is over); that none of these came from the document's own
rules is checked beside.
"""

from __future__ import annotations

import argparse
import copy
import logging
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from sqlalchemy import update

from logistics import migrations, rights, tokens, users
from logistics.database import open_sessions
from logistics.models import ApiToken
from logistics.states import ROLES
from logistics.viewer import Viewer, of_account
from tests.fakes import MORNING, Clock, FakeGazetteer, FakeRoads
from tests.logistics.systems import a_system
from tests.webapp.conftest import Bell
from tests.webapp.scenes import LOGINS, TODAY, TOMORROW, a_company
from webapp import create_app

schemathesis.openapi.media_type(
    "text/csv",
    st.sampled_from((b"code;name\nX1;Depot three\n", b"login,role,name\nzoe,agent,Zoe\n", b"", b"a\xff\x00b")),
)
#: Of so many examples, this share fits the document and the rest does not.
FITTING = 0.6
CHECKS = {
    "positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429"]},
    "negative_data_rejection": {
        "expected-statuses": ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428", "429"]
    },
    "missing_required_header": {"expected-statuses": ["400", "401", "403", "406", "415", "422", "428"]},
    "max_response_time": 20.0,
}
#: What is drawn by chance always carries the role's token; calls without one are among the edges and in `ignored_auth`.
DRAWN = {"with-security-parameters": False}


@dataclass(slots=True)
class Fuzzed:
    """What was sent: examples by operation, answers by operation, role and status."""

    examples: Counter[str] = field(default_factory=Counter)
    edges: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    #: Calls that carried the role's token, by operation and role.
    carried: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Target:
    """The app over the company, and a token of each role."""

    app: Any
    tokens: dict[str, str]
    viewers: dict[str, Viewer]
    document: dict[str, Any]


def target(home: Path) -> Target:
    """A company of its own in SQLite, with everything switched on and no limit of calls."""
    url = f"sqlite:///{home / 'fuzz.sqlite'}"
    migrations.upgrade(url)
    sessions = open_sessions(url)
    with sessions.begin() as session:
        company = a_company(session)
        kept, seen = {}, {}
        for number, role in enumerate(ROLES):
            text, row = tokens.make(
                session, LOGINS[role], name=role, scopes=frozenset(rights.SCOPES), now=MORNING, actor="fuzz"
            )
            # Numbers that no example guesses: an example that revokes its own token would find nothing any more.
            session.execute(update(ApiToken).where(ApiToken.id == row.id).values(id=1_900_000_000 + number))
            kept[role] = text
            seen[role] = of_account(users.account_of(session, LOGINS[role]), scopes=frozenset(rights.SCOPES))
    made = a_system(sessions, home / "home", queue=cast(Any, Bell()), now=Clock())
    made = replace(
        made, roads=cast(Any, FakeRoads()), geocoder=cast(Any, FakeGazetteer(("Rue 0000 Authorization", 43.7, 7.25))),
        settings=replace(made.settings, api_requests_per_minute=0),
    )  # fmt: skip
    app = create_app(made)
    app.config.update(PROPAGATE_EXCEPTIONS=False)
    told = app.test_client().get("/api/v1/openapi.json").get_json()
    return Target(app, kept, seen, _hinted(told, company))


def _hinted(document: dict[str, Any], company: Any) -> dict[str, Any]:
    """The document with values of the company beside what it allows, so that examples find something."""
    hints: dict[str, list[Any]] = {
        "reference": ["O-1", "O-2", "O-4", "O-5"], "number": ["E1", "E5"], "employee_number": ["E1", "E5", "E6"],
        "sku": ["LAP", "MOU"], "site": ["NCE", "MCM"], "van": ["V1", "V2"], "login": ["otto", "wim"],
        "asset_tag": ["OLD-E2"], "tour_id": [company.tour_id], "stop_id": list(company.stop_ids), "line_id": [1, 2, 3],
        "line": [1, 2, 3], "form": ["json", "csv", "gpx", "geojson"], "If-Match": ['"1"', '"2"', '"3"'],
        "day": [TODAY.isoformat(), TOMORROW.isoformat()],
    }  # fmt: skip
    return cast(dict[str, Any], _offer(copy.deepcopy(document), hints))


def _offer(part: Any, hints: dict[str, list[Any]]) -> Any:
    if isinstance(part, list):
        return [_offer(one, hints) for one in part]
    if not isinstance(part, dict):
        return part
    part = {name: _offer(one, hints) for name, one in part.items()}
    if "in" in part and isinstance(part.get("name"), str) and part["name"] in hints:
        part["schema"] = _either(hints[part["name"]], part["schema"])
    shapes = part.get("properties")
    if isinstance(shapes, dict) and part.get("additionalProperties") is False:
        part["properties"] = {
            name: _either(hints[name], shape) if name in hints else shape for name, shape in shapes.items()
        }
    return part


def _either(known: list[Any], shape: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"enum": known}, shape]}


def fuzz(
    aimed: Target,
    *,
    examples: int,
    only: str = "",
    seeded: int | None = None,
    edges: str = "one",
    say: Callable[[str], None] = print,
) -> Fuzzed:
    """Call every operation, or those whose name holds `only`.

    Args:
        edges: whether each edge is tried with `one` role's token after the other, with `all`, or with `none`.

    Raises:
        AssertionError: operations broke their word; all are told, each with a way to repeat it.
    """
    done, broken = Fuzzed(), []
    for operation in _operations(aimed, {"generation": DRAWN}):
        name = operation.definition.raw["operationId"]
        if only in name:
            for mode, count in _shares(operation, examples):
                try:
                    _probe(aimed, operation, name, mode, count, seeded, done)
                except (Exception, BaseExceptionGroup) as error:
                    broken.append(f"{name}: {_told(error)}")
            say(f"{name}: {done.examples[name]} examples")
    for operation in _operations(aimed, {}) if edges != "none" else ():
        name = operation.definition.raw["operationId"]
        if only in name:
            broken += [f"{name}: {told}" for told in _walk(aimed, operation, name, edges, done)]
            say(f"{name}: {done.edges[name]} edges")
    assert not broken, "\n\n".join(broken)
    return done


def _shares(operation: Any, examples: int) -> Iterator[tuple[GenerationMode, int]]:
    """How many examples fit; all do where nothing is asked for that could be told wrongly."""
    asks = operation.path_parameters, operation.query, operation.headers, operation.body
    fitting = max(1, round(examples * FITTING)) if any(asks) else examples
    yield GenerationMode.POSITIVE, fitting
    if fitting < examples:
        yield GenerationMode.NEGATIVE, examples - fitting


def _operations(aimed: Target, config: dict[str, Any]) -> Iterator[Any]:
    made = SchemathesisConfig.from_dict({"checks": CHECKS, **config})
    schema = schemathesis.openapi.from_dict(aimed.document, config=made)
    schema.app = aimed.app
    for found in schema.get_all_operations():
        yield found.ok()


def _walk(aimed: Target, operation: Any, name: str, edges: str, done: Fuzzed) -> list[str]:
    """Try every edge of an operation; what broke its word."""
    broken = []
    schema, modes = operation.schema, [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    cases = schema.iter_coverage_cases(operation, generation_modes=modes, generation_config=schema.config.generation)
    for number, case in enumerate(cases):
        done.edges[name] += 1
        for role in ROLES if edges == "all" else (ROLES[number % len(ROLES)],):
            try:
                _call(aimed, case, name, role, done)
            except (Exception, BaseExceptionGroup) as error:
                broken.append(f"{case.meta.phase.data.description}, as {role}: {_told(error)}")
    return broken


def _call(aimed: Target, case: Any, name: str, role: str, done: Fuzzed) -> Any:
    bearer = f"Bearer {aimed.tokens[role]}"
    answered = case.call_and_validate(headers={"Authorization": bearer})
    done.answers[name, role, answered.status_code] += 1
    done.carried[name, role] += answered.request.headers.get("Authorization") == bearer
    return answered


def _told(error: BaseException) -> str:
    inside = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return "\n".join([f"{type(error).__name__}: {error}", *(_told(one) for one in inside)])


def _probe(
    aimed: Target, operation: Any, name: str, mode: GenerationMode, count: int, seeded: int | None, done: Fuzzed
) -> None:
    # The number makes examples of an operation that asks for nothing different ones; Hypothesis stops after one else.
    strategy: st.SearchStrategy[Any] = st.tuples(st.integers(), operation.as_strategy(generation_mode=mode))

    @settings(
        max_examples=count, deadline=None, database=None, phases=[Phase.generate], derandomize=seeded is None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(drawn=strategy)
    def probe(drawn: Any) -> None:
        case = drawn[1]
        done.examples[name] += 1
        for role in aimed.tokens:
            _kept_its_word(case, mode, _call(aimed, case, name, role, done))

    if seeded is not None:
        probe = seed(seeded)(probe)
    probe()


def _kept_its_word(case: Any, mode: GenerationMode, answered: Any) -> None:
    """What fits the document is never refused by the document's own rules, nor is the token."""
    if mode is not GenerationMode.POSITIVE:
        return
    assert answered.status_code != 401, f"{case.operation.label}: the token was refused"
    if answered.status_code == 422:
        told = answered.json()
        assert told["code"] != "invalid-body", f"{case.operation.label} refused {case.body!r}: {told}"


def main() -> int:
    """Fuzz from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.webapp.api_fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--max-examples", type=int, default=20, metavar="N")
    parser.add_argument("--only", default="", metavar="TEXT", help="operations whose name holds this")
    parser.add_argument("--edges", choices=("none", "one", "all"), default="one", help="with whose tokens")
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="other examples than the usual ones")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        done = fuzz(
            target(Path(folder)), examples=chosen.max_examples, only=chosen.only, seeded=chosen.seed, edges=chosen.edges
        )
    statuses = Counter[int]()
    for (_, _, status), count in done.answers.items():
        statuses[status] += count
    drawn, walked = sum(done.examples.values()), sum(done.edges.values())
    told = dict(sorted(statuses.items()))
    print(f"{len(done.examples)} operations, {drawn} examples for each role, {walked} edges, answers {told}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
