"""`tournee user`: inviting, resetting, closing."""

from __future__ import annotations

import json

import pytest

from logistics import cli


@pytest.fixture
def user(tmp_path, monkeypatch, capsys):
    """Runs `tournee user ...`: exit code, what it said, what it complained."""
    monkeypatch.setenv("TOURNEE_HOME", str(tmp_path / "home"))
    for name in ("TOURNEE_DATABASE_URL", "TOURNEE_BASE_URL", "TOURNEE_MAIL_URL", "TOURNEE_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)

    def run(*words):
        code = cli.main(["user", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    assert run("add", "ada", "--role", "admin", "--invite")[0] == 0
    return run


def test_an_invitation_prints_the_path_and_says_so_without_a_base_address(user):
    code, out, err = user("invite", "ada")

    assert code == 0
    assert out.splitlines()[1].startswith("/welcome/")
    assert "TOURNEE_BASE_URL" in err


def test_with_a_base_address_it_prints_the_whole_link(user, monkeypatch):
    monkeypatch.setenv("TOURNEE_BASE_URL", "https://tournee.example.org/")

    links = {deed: user(deed, "ada") for deed in ("invite", "reset")}

    assert links["invite"][1].splitlines()[1].startswith("https://tournee.example.org/welcome/")
    assert links["reset"][1].splitlines()[1].startswith("https://tournee.example.org/reset/")
    assert links["reset"][2] == ""


def test_a_mail_is_refused_with_the_next_step_where_none_is_set_up(user):
    code, out, err = user("invite", "ada", "--mail")

    assert (code, out) == (1, "")
    assert "TOURNEE_MAIL_URL" in err


def test_a_mail_waits_in_the_outbox_and_no_link_is_printed(user, monkeypatch):
    monkeypatch.setenv("TOURNEE_BASE_URL", "https://tournee.example.org")
    monkeypatch.setenv("TOURNEE_MAIL_URL", "mailto://127.0.0.1:1?from=t@example.org")
    user("add", "lea", "--role", "agent", "--email", "lea@example.org", "--random")

    code, out, _ = user("reset", "lea", "--mail")

    assert code == 0
    assert "will be mailed" in out
    assert "/reset/" not in out
    assert "lea@example.org" not in out


def test_closing_and_opening_an_account(user):
    user("add", "lea", "--role", "agent", "--random")

    codes = [user(*words)[0] for words in (("disable", "lea"), ("invite", "lea"), ("enable", "lea"), ("invite", "lea"))]

    assert codes == [0, 1, 0, 0]
    assert user("disable", "ada")[0] == 1
    assert user("disable", "nobody")[0] == 1
    assert {one["login"]: one["active"] for one in json.loads(user("list", "--json")[1])["users"]} == {
        "ada": True, "lea": True,
    }  # fmt: skip


def test_factors_are_taken_away_by_command(user):
    code, out, _ = user("reset", "ada", "--factors")

    assert code == 0
    assert "no second factor any more (0 removed)" in out
