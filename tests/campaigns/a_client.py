"""One client of the writers' trial, in a process of its own: writes down what it wants before it asks, then the answer.

`python -m tests.campaigns.a_client LOG SECONDS DEEDS UNTIL SEED PART BASE...`; PART is a client's `Part` as JSON. It
stops after so many seconds or deeds, whichever comes first; 0 deeds are as many as there is time for, and where UNTIL
names a file, the time is over when that file is there.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import sys
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from tests.campaigns.browsing import Answer, Browser
from tests.campaigns.names import PEOPLE, SHARED, TODAY

VERSION = re.compile(r'name="version" value="(\d+)"')


class Client:
    """Places, amends and cancels orders, marks pick lines, and drives a tour, in an order its seed decides."""

    def __init__(self, part: dict[str, Any], bases: tuple[str, ...], seed: int, log: TextIO) -> None:
        self.part, self.bases, self.log, self.chance = part, bases, log, random.Random(seed)
        number = part["number"]
        self.agent, self.picker = Browser(f"agent-{number}"), Browser(f"warehouse-{number}")
        self.courier = Browser(f"v{number}")
        for person in (self.agent, self.picker, self.courier):
            person.sign_in(bases[0])
        self.placed: list[str] = []
        self.road = self._drive()

    def once(self) -> None:
        """One deed."""
        deeds: tuple[Callable[[], None], ...] = (self.place, self.amend, self.pick, self.cancel, self.drive)
        self.chance.choices(deeds, weights=(4, 5, 4, 2, 2))[0]()

    def place(self) -> None:
        """An order for one of my people; the note is mine alone."""
        key = uuid.uuid4().hex
        person = f"P{self.part['number']}-{self.chance.randint(1, PEOPLE)}"
        facts = {
            "kind": "issue", "sku": self.chance.choice(("MOU", "DOC")), "quantity": self.chance.randint(1, 3),
            "priority": 2, "day": (TODAY + timedelta(days=30)).isoformat(), "window_start": "09:00",
            "window_end": "12:00", "note": key,
        }  # fmt: skip
        answer = self._ask("place", self.agent, f"/people/{person}/order", facts, key=key)
        if answer.place.startswith("/orders/"):
            self.placed.append(answer.place.removeprefix("/orders/"))

    def amend(self) -> None:
        """A new note on an order that everybody amends, on the version I have seen."""
        reference = self.chance.choice(SHARED)
        seen = VERSION.search(self.agent.get(f"{self._base()}/orders/{reference}").text)
        if seen is None:
            return
        key, version = uuid.uuid4().hex, int(seen.group(1))
        facts = {
            "day": (TODAY + timedelta(days=60)).isoformat(), "window_start": "08:00", "window_end": "17:00",
            "priority": 1, "note": key, "version": version,
        }  # fmt: skip
        self._ask("amend", self.agent, f"/orders/{reference}/change", facts, key=key, order=reference, base=version)

    def cancel(self) -> None:
        """One of my orders is called off."""
        if self.placed:
            reference = self.placed.pop(self.chance.randrange(len(self.placed)))
            self._ask("cancel", self.agent, f"/orders/{reference}/cancel", {}, key=reference)

    def pick(self) -> None:
        """One of my lines is picked, missing, or to be looked for again."""
        line, state = self.chance.choice(self.part["pick_line_ids"]), self.chance.choice(("picked", "to-pick"))
        path = f"/warehouse/picking/{self.part['pick_tour_id']}/{line}"
        self._ask("pick", self.picker, path, {"state": state}, key=str(line), state=state)

    def drive(self) -> None:
        """The next event of my tour, sometimes said twice."""
        step = next(self.road, None)
        if step is None:
            return
        path, facts = step
        facts["event_id"] = uuid.uuid4().hex
        for _ in range(self.chance.choice((1, 1, 2))):
            self._ask("event", self.courier, path, facts, key=facts["event_id"])

    def _drive(self) -> Any:
        page = self.courier.get(f"{self._base()}/courier").text
        yield "/courier/start", {"loaded": re.findall(r'name="loaded" value="(\d+)"', page)}
        for stop in self.part["stop_ids"]:
            yield f"/courier/stops/{stop}/arrived", {}
            if self.chance.random() < 0.2:
                yield f"/courier/stops/{stop}/failed", {"reason": "absent"}
            else:
                yield f"/courier/stops/{stop}/done", {"item-0": "1"}
        yield "/courier/end", {}

    def _ask(self, deed: str, person: Browser, path: str, facts: dict[str, Any], *, key: str, **more: Any) -> Answer:
        number = uuid.uuid4().hex
        self._write({"id": number, "deed": deed, "key": key, **more})
        began = time.monotonic()
        answer = person.post(self._base(), path, facts)
        took = round((time.monotonic() - began) * 1000)
        locked = "database is locked" in answer.text.lower()
        told = {"answer": answer.kind, "status": answer.status, "ms": took, "locked": locked, "place": answer.place}
        self._write({"id": number} | told)
        return answer

    def _write(self, facts: dict[str, Any]) -> None:
        self.log.write(json.dumps(facts) + "\n")
        self.log.flush()

    def _base(self) -> str:
        return self.chance.choice(self.bases)


def main(log: str, seconds: str, deeds: str, until_there: str, seed: str, part: str, *bases: str) -> int:
    """Write until the time is over or the deeds are done."""
    with Path(log).open("w", encoding="utf-8") as stream:
        client = Client(json.loads(part), bases, int(seed), stream)
        until = time.monotonic() + float(seconds)
        for _ in range(int(deeds)) if int(deeds) else itertools.count():
            if Path(until_there).exists() if until_there else time.monotonic() >= until:
                break
            client.once()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
