"""The walk that docs/reference/api.md takes a reader on, taken here step by step."""

from __future__ import annotations

import itertools
import json
import re
import shlex

from logistics import tokens
from tests.conftest import CHECKOUT
from tests.fakes import MORNING
from tests.webapp.scenes import LOGINS, TOMORROW

#: What the page says of the demo company, and what it is called in the company of these tests.
HERE = {"E1001": "E1", "HEA-BT": "MOU", "2026-12-01": f"{TOMORROW}"}


def steps():
    """The page's shell words, line by line."""
    page = (CHECKOUT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    text = page.split("## A walk")[1].split("```sh\n")[1].split("```")[0]
    for there, here in HERE.items():
        assert there in text
        text = text.replace(there, here)
    return text


def calls(text):
    """Path, method, headers and body of each call in it."""
    # A new line inside a body belongs to its call.
    for line in re.split(r"\n(?=api \")", text)[1:]:
        words = shlex.split(line, comments=True)[1:]
        facts = {"-X": "POST" if "-d" in words else "GET"} | dict(itertools.pairwise(words))
        headers = dict(value.split(": ", 1) for word, value in itertools.pairwise(words) if word == "-H")
        yield words[0].replace("$BASE", "/api/v1"), facts["-X"], headers, facts.get("-d")


def test_each_step_of_the_walk_does_what_the_page_says(app, system, company):
    text = steps()
    scopes = frozenset(re.findall(r"--scope ([\w:]+)", text))
    with system.sessions.begin() as writing:
        told, _ = tokens.make(writing, LOGINS["agent"], name="help desk", scopes=scopes, now=MORNING, actor="x")
    client, made, answers = app.test_client(use_cookies=False), {}, []

    for path, method, headers, body in calls(text):
        sent = {name: made.get("etag", "") if name == "If-Match" else value for name, value in headers.items()}
        answer = client.open(
            path.replace("O-000001", made.get("reference", "")), method=method, data=body,
            headers=sent | {"Authorization": f"Bearer {told}"},
        )  # fmt: skip
        answers.append((method, answer.status_code))
        if answer.status_code == 201:
            made["reference"] = answer.get_json()["reference"]
        made["etag"] = answer.headers["ETag"]

    assert answers == [("GET", 200), ("POST", 200), ("POST", 201), ("GET", 200), ("PATCH", 200)]
    assert json.loads(answer.get_data())["priority"] == 3
    assert re.fullmatch(r'"\d+\.[0-9a-f]+"', made["etag"])
