"""The command line: exit codes, where it speaks, what it says of mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from logistics import cli, exports, imports, states
from logistics.commands import data, people, tours
from tests.conftest import CHECKOUT
from tests.logistics.imports.files import GOOD, changed


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("TOURNEE_HOME", str(folder))
    monkeypatch.delenv("TOURNEE_DATABASE_URL", raising=False)
    monkeypatch.delenv("TOURNEE_LANGUAGE", raising=False)
    return folder


@pytest.fixture
def file(tmp_path):
    def write(kind, text=None):
        made = tmp_path / f"{kind}.csv"
        made.write_text(GOOD[kind] if text is None else text)
        return str(made)

    return write


def usage(*words):
    with pytest.raises(SystemExit) as left:
        cli.main(list(words))
    return left.value.code


def test_help_answers_without_loading_the_database():
    began = time.monotonic()
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "logistics.cli", "--help"],
        capture_output=True, text=True, cwd=CHECKOUT, check=True,
    )  # fmt: skip

    assert "tournee" in told.stdout
    assert time.monotonic() - began < 10
    for heavy in ("sqlalchemy", "numpy", "ortools", "osmium", "structlog"):
        assert f" {heavy}\n" not in told.stderr


@pytest.mark.parametrize("command", [
    "import", "plan", "publish", "status", "export", "verify", "order", "region", "doctor", "demo", "demo-company",
    "worker", "db", "user", "token",
])  # fmt: skip
def test_every_command_has_help(command, capsys):
    assert usage(command, "--help") == 0
    assert len(capsys.readouterr().out) > 100


def test_words_told_twice_for_a_quick_help_are_the_same():
    assert data.KINDS == imports.KINDS
    assert tours.FORMATS == exports.FORMATS
    assert people.ROLES == states.ROLES


@pytest.mark.parametrize("words", [
    (), ("fly",), ("import",), ("import", "cats", "x.csv"), ("plan",), ("plan", "someday"), ("plan", "+x"),
    ("plan", "2026-13-01"), ("plan", "today", "--time-limit", "0"), ("export", "today", "--format", "xls"),
    ("user", "add", "ada", "--role", "king"), ("order", "place", "lend", "E1"), ("region",),
    ("demo", "--port", "65536"), ("certificate", "--port", "0"), ("tasks", "list", "--limit", "-3"),
    ("plan", "today", "--time-limit", "nan"), ("replay", "x.json", "--time-limit", "-1"),
])  # fmt: skip
def test_what_is_not_understood_is_exit_code_2_and_touches_nothing(home, words, capsys):
    assert usage(*words) == 2

    told = capsys.readouterr()
    assert (told.out, home.exists()) == ("", False)
    assert "usage: tournee" in told.err


def test_the_first_command_makes_home_and_database(home, file, capsys):
    assert cli.main(["import", "sites", file("sites")]) == 0

    assert (home / "tournee.db").is_file()
    assert "1 created" in capsys.readouterr().out
    assert home.stat().st_mode & 0o077 == 0


def test_an_import_speaks_json_to_a_program(home, file, capsys):
    cli.main(["import", "employees", file("employees"), "--json"])
    capsys.readouterr()

    code = cli.main(["import", "employees", file("employees", changed("employees", 2, "email", "x")), "--json"])

    told = capsys.readouterr()
    report = json.loads(told.out)
    assert (code, report["refused"], report["unchanged"]) == (1, 1, 1)
    assert report["problems"][0]["code"] == "not-an-email"
    assert told.err == ""


def test_a_refused_row_is_told_on_standard_error_with_the_next_step(home, file, capsys):
    code = cli.main(["import", "employees", file("employees", changed("employees", 2, "email", "x"))])

    told = capsys.readouterr()
    assert code == 1
    assert "1 created" in told.out
    assert "line 2: email “x” is not an e-mail address" in told.err
    assert "employees.errors.csv; correct them there and import that file" in told.err


def test_a_dry_run_writes_nothing(home, file, capsys):
    assert cli.main(["import", "employees", file("employees"), "--dry-run"]) == 0
    assert cli.main(["import", "employees", file("employees"), "--json"]) == 0

    out = capsys.readouterr().out
    assert "dry run: nothing was written" in out
    assert '"created": 2' in out


def test_a_missing_file_or_column_is_one_sentence_and_exit_code_1(home, file, capsys):
    assert cli.main(["import", "sites", "/nowhere/sites.csv"]) == 1
    assert "there is no file /nowhere/sites.csv" in capsys.readouterr().err

    assert cli.main(["import", "sites", file("sites", "code,name\nA,B\n")]) == 1
    told = capsys.readouterr().err.strip().split("\n")
    assert told[0].startswith("tournee: these columns are missing: address_line")
    assert "docs/reference" in told[1]


def test_reports_speak_french_when_the_settings_do(home, file, capsys, monkeypatch):
    monkeypatch.setenv("TOURNEE_LANGUAGE", "fr")

    cli.main(["import", "employees", file("employees", changed("employees", 2, "email", "x"))])

    assert "n'est pas une adresse électronique" in capsys.readouterr().err


def test_users_are_added_listed_and_given_passwords(home, capsys, monkeypatch):
    import io

    assert cli.main(["user", "add", "Ada", "--role", "coordinator", "--random"]) == 0
    password = capsys.readouterr().out.strip().split("password: ")[1]
    assert cli.main(["user", "add", "ada", "--role", "admin", "--random"]) == 1
    assert "user ada already exists" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.StringIO("another long password\n"))
    assert cli.main(["user", "password", "ada", "--stdin"]) == 0
    assert cli.main(["user", "list", "--json"]) == 0

    told = capsys.readouterr().out
    assert "another long password" not in told
    assert json.loads(told[told.index("{") :])["users"][0]["has_password"] is True
    assert len(password) == 14


@pytest.mark.parametrize(("words", "said"), [
    (("user", "password", "nobody", "--random"), "no user nobody"),
    (("user", "add", "ada", "--role", "courier", "--van", "V9", "--random"), "no van V9"),
    (("order", "show", "O-9"), "no order O-9"),
    (("order", "cancel", "O-9"), "no order O-9"),
    (("order", "place", "issue", "E9"), "the order has no line"),
    (("status", "today"), "has no"),
    (("export", "2026-11-24"), "has no"),
    (("publish", "2026-11-24"), "has no draft plan"),
    (("plan", "2026-11-24"), "0 jobs, 0 vans"),
    (("region", "add", "nowhere.osm.pbf", "--name", "x"), "there is no file nowhere.osm.pbf"),
])  # fmt: skip
def test_what_cannot_be_done_is_one_sentence_and_exit_code_1(home, words, said, capsys):
    assert cli.main(list(words)) == 1

    told = capsys.readouterr()
    assert said in told.err
    assert told.err.startswith("tournee: ")
    assert "Traceback" not in told.err


def test_an_empty_database_verifies(home, capsys):
    assert cli.main(["verify"]) == 0
    assert cli.main(["verify", "--json"]) == 0

    assert '"ok": true' in capsys.readouterr().out


def test_an_order_is_placed_shown_and_cancelled(home, file, capsys):
    for kind in ("sites", "products", "stock", "employees", "assets"):
        cli.main(["import", kind, file(kind)])
    capsys.readouterr()

    assert (
        cli.main(["order", "place", "swap", "E1", "--out", "LAP", "--back", "T9", "--reference", "O-7", "--json"]) == 0
    )
    placed = json.loads(capsys.readouterr().out)
    assert cli.main(["order", "cancel", "O-7", "--reason", "mistake"]) == 0
    capsys.readouterr()
    assert cli.main(["order", "show", "O-7", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)

    assert (placed["kind"], placed["site"], len(placed["lines"])) == ("swap", "BEA", 2)
    assert [event["kind"] for event in shown["events"]] == ["signalled", "acknowledged", "reserved", "cancelled"]
    assert "Rue A" not in json.dumps(shown)


def test_a_database_of_an_older_version_is_left_alone_until_told_to_upgrade(home, capsys):
    import sqlite3

    cli.main(["verify"])
    with sqlite3.connect(home / "tournee.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    capsys.readouterr()

    assert cli.main(["verify"]) == 1
    assert "newer version" in capsys.readouterr().err
    assert cli.main(["db", "upgrade"]) == 1


def test_db_upgrade_makes_an_empty_home_ready_and_twice_does_no_harm(home, capsys):
    assert cli.main(["db", "upgrade"]) == 0
    assert cli.main(["db", "upgrade"]) == 0

    assert "up to date already" in capsys.readouterr().out


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "nonsense", "sqlite:////proc/none/x.db"])
def test_a_database_out_of_reach_is_one_sentence_without_a_password(home, url, capsys, monkeypatch):
    monkeypatch.setenv("TOURNEE_DATABASE_URL", url.replace("nobody@", "nobody:secret@"))

    assert cli.main(["verify"]) == 1

    told = capsys.readouterr().err
    assert "TOURNEE_DATABASE_URL" in told
    assert "secret" not in told


def test_an_unexpected_error_says_where_and_not_what_a_row_held(home, capsys, monkeypatch):
    def broken(*_asked):
        raise RuntimeError("Rue du Secret 7")

    monkeypatch.setattr("logistics.verify.verify", broken)

    assert cli.main(["verify"]) == 1

    told = capsys.readouterr().err
    assert "RuntimeError" in told
    assert "Secret" not in told


def test_a_doctor_says_what_is_missing_and_how_to_mend_it(home, capsys, monkeypatch):
    assert cli.main(["doctor"]) == 0
    healthy = capsys.readouterr().out
    assert not home.exists()
    assert "tournee region add" in healthy

    monkeypatch.setenv("TOURNEE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert cli.main(["doctor", "--json"]) == 1
    findings = {one["subject"]: one for one in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["database"]["ok"] is False
    assert "TOURNEE_DATABASE_URL" in findings["database"]["remedy"]
