"""What the reference must name: every setting, reason code, import column and command."""

from __future__ import annotations

from dataclasses import fields

from logistics.settings import Settings
from tests.conftest import CHECKOUT

REFERENCE = CHECKOUT / "docs" / "reference"


def test_every_setting_is_in_the_reference():
    page = (REFERENCE / "settings.md").read_text()

    missing = [field.name for field in fields(Settings) if f"`TOURNEE_{field.name.upper()}`" not in page]

    assert missing == []
