"""Nothing of what is sent to us is kept as it came, and nothing is kept for long."""

from __future__ import annotations

import io
import os
import stat
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from logistics import task_kinds, uploads, users
from logistics.errors import InvalidRequest
from logistics.imports import FileRefused
from logistics.models import Upload
from tests.logistics.systems import a_system

TABLE = "sku,name\nA,Écran 27″\n"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def system(sessions, tmp_path):
    return a_system(sessions, tmp_path / "home")


def take(system, content: bytes) -> uploads.Upload:
    return uploads.take(system, io.BytesIO(content))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_what_is_kept_is_utf_8_under_a_name_of_ours(system, encoding):
    text = TABLE.replace("″", "") if encoding == "windows-1252" else TABLE

    taken = take(system, text.encode(encoding))

    kept = uploads.path(system, taken.name)
    assert kept.read_bytes() == text.encode()
    assert taken.encoding == uploads.encoding_of(taken.name) == encoding
    assert kept.parent == system.settings.home / "uploads"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert len(taken.name) == 36


def test_two_uploads_never_share_a_name(system):
    assert take(system, TABLE.encode()).name != take(system, TABLE.encode()).name


def test_a_file_over_the_limit_is_refused_before_it_is_read(system):
    class Sized(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("it was read")

    small = replace(system, settings=replace(system.settings, upload_limit_bytes=100))

    with pytest.raises(FileRefused) as refusal:
        uploads.take(small, Sized(b"x" * 101))

    assert (refusal.value.code, refusal.value.facts) == ("too-large", {"limit": 100})
    assert kept_files(small) == []


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"PK\x03\x04" + b"\x00" * 50, "XLSX, ODS or ZIP"), (b"PK\x05\x06", "XLSX, ODS or ZIP"),
        (b"\xd0\xcf\x11\xe0\xa1", "XLS"),
        (b"%PDF-1.7", "PDF"), (b"\x1f\x8b\x08", "GZIP"), (b"\x89PNG\r\n", "PNG"), (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x7fELF\x02", "program"), (b"MZ\x90\x00", "program"), (b"<svg onload=alert(1)>", "HTML, SVG or XML"),
        (b"  <!DOCTYPE html>", "HTML, SVG or XML"), (b"\xef\xbb\xbf<?xml version='1.0'?>", "HTML, SVG or XML"),
        (b"GIF89a,a,b\n1,2,3", "GIF"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_by_its_name(system, content, found):
    with pytest.raises(FileRefused) as refusal:
        take(system, content)

    assert (refusal.value.code, refusal.value.facts["found"]) == ("not-csv", found)
    assert found in refusal.value.sentence("fr")
    assert kept_files(system) == []


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "file-empty"), (b"\n \n", "file-empty"), (b"\x00" * 600, "not-a-table")]
)
def test_a_file_without_text_is_refused(system, content, code):
    with pytest.raises(FileRefused) as refusal:
        take(system, content)

    assert refusal.value.code == code
    assert kept_files(system) == []


def test_a_damaged_byte_is_kept_for_the_import_to_name(system):
    taken = take(system, b"sku,name\nA,\xc3\x89cran \xff \xc3\xa9t\xc3\xa9\n")

    assert uploads.path(system, taken.name).read_bytes() == b"sku,name\nA,\xc3\x89cran \xff \xc3\xa9t\xc3\xa9\n"


@pytest.mark.parametrize(
    "name", ["../secret.key", "/etc/passwd", "a/b.csv", "..csv", ".csv", "a.csv.exe", "é.csv", "a", ""]
)
def test_no_other_file_is_reached_by_the_name_of_an_upload(system, name):
    with pytest.raises(FileRefused):
        uploads.path(system, name)
    with pytest.raises(InvalidRequest):
        task_kinds.upload_path(system, name)


def test_uploads_and_error_files_are_gone_after_a_day(system):
    old, young = (uploads.path(system, take(system, TABLE.encode()).name) for _ in range(2))
    errors = old.with_name(f"{old.stem}.errors.csv")
    errors.write_text("x")
    yesterday = time.time() - (uploads.KEPT_HOURS + 1) * 3600
    for file in (old, errors):
        os.utime(file, (yesterday, yesterday))

    uploads.sweep(system)

    assert kept_files(system) == [young.name]


def test_the_row_of_an_upload_goes_with_its_file(system, sessions):
    with sessions.begin() as session:
        user = users.put_user(session, login="ada", role="admin", name="A", employee_number=None, van_code=None)[1]
        session.flush()
        for name, age in (("a" * 32, 25), ("b" * 32, 23)):
            session.add(Upload(id=name, user_id=user.id, kind="sites", size_bytes=1, digest="0" * 64,
                               made_at=system.now() - timedelta(hours=age)))  # fmt: skip

    uploads.sweep(system)

    with sessions() as session:
        assert session.scalars(select(Upload.id)).all() == ["b" * 32]


def test_sweeping_is_done_by_whoever_works(database_url):
    assert uploads.sweep in task_kinds.PERIODIC


def kept_files(system) -> list[str]:
    return [file.name for file in (system.settings.home / "uploads").glob("*")]
