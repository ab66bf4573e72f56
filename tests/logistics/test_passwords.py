"""Passwords that are guessed first."""

from __future__ import annotations

import pytest

from logistics import passwords, users


@pytest.mark.parametrize("told", [
    "password12", "P@ssw0rd2026", "MotDePasse1!", "motdepasse2026",
    "azerty12345", "qwertyuiop", "1234567890", "0123456789",
    "aaaaaaaaaaaa", "abababababab", "Bienvenue2026!", "iloveyou123",
    "tournee2026!", "Tournée-2026", "lea.roux.2026", "Roux1234567",
    "passwordpassword", "letmein-letmein", "abcdefghijkl",
])  # fmt: skip
def test_common_ones_and_ones_own_name_are_refused(told):
    assert passwords.is_guessed_first(told, "lea.roux", "Léa", "Roux")


@pytest.mark.parametrize("told", [
    "quiet river stone", "correct horse battery", "correct-horse-9",
    "Le vent souffle fort", "k7#mQ2!vTz", "dimanche à vélo",
])  # fmt: skip
def test_several_unrelated_words_are_taken(told):
    assert not passwords.is_guessed_first(told, "lea.roux", "Léa", "Roux")


def test_what_we_draw_ourselves_is_never_refused():
    assert not [one for one in (users.random_password() for _ in range(2000)) if passwords.is_guessed_first(one, "ada")]
