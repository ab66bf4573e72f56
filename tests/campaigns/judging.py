"""The judge of a trial: reads what clients wrote down and what the database holds, and says what does not fit."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from logistics.database import open_sessions
from logistics.models import Order, OrderEvent, PickLine, StopEvent
from logistics.verify import verify


@dataclass(frozen=True, slots=True)
class Said:
    """A wish and its answer; `unknown` when none was written down."""

    deed: str
    key: str
    answer: str
    facts: dict[str, Any]


def read(logs: Iterable[Path]) -> list[Said]:
    """Everything that was asked, each client's in its order."""
    found = []
    for log in logs:
        wishes: dict[str, dict[str, Any]] = {}
        for line in log.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            wishes.setdefault(told["id"], {}).update(told)
        found += [Said(one["deed"], one["key"], one.get("answer", "unknown"), one) for one in wishes.values()]
    return found


def judge(said: list[Said], url: str) -> list[str]:
    """What is lost, doubled, half done or impolite; empty when all is well."""
    sessions = open_sessions(url)
    with sessions.snapshot() as session:
        wrong = [
            *_impolite(said), *_placed(session, said), *_amended(session, said), *_cancelled(session, said),
            *_picked(session, said), *_events(session, said), *(str(one) for one in verify(session)),
        ]  # fmt: skip
    sessions.close()
    return wrong


def table(said: list[Said]) -> str:
    """How often what was asked, how it was answered, and how long that took."""
    counts = Counter((one.deed, one.answer) for one in said)
    lines = [
        f"{'deed':<8} {'ok':>7} {'refused':>8} {'later':>6} {'unknown':>8} {'p50 ms':>7} {'p99 ms':>7} {'max ms':>7}"
    ]
    for deed in sorted({one.deed for one in said}):
        times = sorted(one.facts["ms"] for one in said if one.deed == deed and "ms" in one.facts) or [0]
        middle, last = times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]
        told = [counts[deed, answer] for answer in ("ok", "refused", "later", "unknown")]
        lines.append("{:<8} {:>7} {:>8} {:>6} {:>8} {:>7} {:>7} {:>7}".format(deed, *told, middle, last, times[-1]))
    return "\n".join(lines)


def _impolite(said: list[Said]) -> Iterator[str]:
    for one in said:
        if one.answer == "broken" or one.facts.get("locked"):
            yield f"{one.deed} {one.key}: answered {one.facts.get('status')}, locked {one.facts.get('locked')}"


def _placed(session: Any, said: list[Said]) -> Iterator[str]:
    notes: Counter[str] = Counter(session.scalars(select(Order.note)))
    for one in said:
        if one.deed == "place":
            yield from _once(one, notes[one.key], "orders")


def _events(session: Any, said: list[Said]) -> Iterator[str]:
    there = set(session.scalars(select(StopEvent.id)))
    answers = defaultdict(set)
    for one in said:
        if one.deed == "event":
            answers[one.key].add(one.answer)
    for key, told in answers.items():
        if "ok" in told and key not in there:
            yield f"event {key}: acknowledged and lost"
        if told <= {"refused"} and key in there:
            yield f"event {key}: refused and there"


def _amended(session: Any, said: list[Said]) -> Iterator[str]:
    """An amendment is made on the version that was seen, so two of one version would mean that one was overwritten."""
    by_order = defaultdict(list)
    for one in said:
        if one.deed == "amend":
            by_order[one.facts["order"]].append(one)
    for reference, told in by_order.items():
        order = session.scalars(select(Order).where(Order.reference == reference)).one()
        good = sorted((one for one in told if one.answer == "ok"), key=lambda one: int(one.facts["base"]))
        unknown = sum(one.answer == "unknown" for one in told)
        bases = [one.facts["base"] for one in good]
        if len(set(bases)) != len(bases):
            yield f"order {reference}: two amendments of one version were both accepted"
        kinds = select(func.count()).where(OrderEvent.order_id == order.id, OrderEvent.kind == "amended")
        if not len(good) <= (session.scalar(kinds.select_from(OrderEvent)) or 0) <= len(good) + unknown:
            yield f"order {reference}: {len(good)} amendments were accepted, its life tells of others"
        if good and not unknown and order.note != good[-1].key:
            yield f"order {reference}: the last accepted amendment was lost"


def _cancelled(session: Any, said: list[Said]) -> Iterator[str]:
    states = dict(session.execute(select(Order.reference, Order.state)).all())
    for one in said:
        if one.deed == "cancel" and one.answer == "ok" and states[one.key] != "cancelled":
            yield f"order {one.key}: its cancellation was accepted and lost"
        if one.deed == "cancel" and one.answer == "refused" and states[one.key] == "cancelled":
            yield f"order {one.key}: its cancellation was refused and done"


def _picked(session: Any, said: list[Said]) -> Iterator[str]:
    states = dict(session.execute(select(PickLine.id, PickLine.state)).all())
    last: dict[str, set[str]] = {}
    for one in said:
        if one.deed == "pick" and one.answer == "ok":
            last[one.key] = {one.facts["state"]}
        elif one.deed == "pick" and one.answer == "unknown":
            last.setdefault(one.key, {"to-pick"}).add(one.facts["state"])
    for key, possible in last.items():
        if states[int(key)] not in possible:
            yield f"pick line {key}: is {states[int(key)]}, {' or '.join(sorted(possible))} was accepted last"


def _once(one: Said, count: int, things: str) -> Iterator[str]:
    allowed = {"ok": (1,), "refused": (0,), "later": (0,), "broken": (0,)}.get(one.answer, (0, 1))
    if count not in allowed:
        yield f"{one.deed} {one.key}: answered {one.answer}, {count} {things} are there"
