"""Archives that lie, burst, climb or are simply broken are refused by name, and nothing is touched."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import stat
import zipfile
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from logistics import backups
from logistics.backups import archive
from logistics.backups.errors import REASONS
from logistics.database import open_engine
from logistics.settings import Settings
from tests.fakes import MORNING


@dataclass
class Forged:
    """The members of an honest archive, to be spoilt; `manifest` is written last and tells the truth about them."""

    members: dict[str, bytes]
    manifest: dict

    def table(self, name):
        return next(one for one in self.manifest["tables"] if one["name"] == f"tables/{name}.jsonl")

    def lines(self, name):
        return self.members[f"tables/{name}.jsonl"].splitlines(keepends=True)

    def put(self, name, content, rows=None):
        """Other contents of a member, with the manifest made to agree."""
        self.members[name] = content
        told = next(one for one in (*self.manifest["tables"], *self.manifest["files"]) if one["name"] == name)
        told.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())
        if name.startswith("tables/"):
            told["rows"] = len(content.splitlines()) if rows is None else rows

    def change(self, table, **cells):
        """Other cells in the table's first row."""
        rows = [json.loads(line) for line in self.lines(table)]
        for column, value in cells.items():
            rows[0][self.table(table)["columns"].index(column)] = value
        self.put_rows(table, rows)

    def put_rows(self, table, rows):
        lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
        self.put(f"tables/{table}.jsonl", "".join(lines).encode())

    def file(self, name, content=b"x"):
        """One more file, named by the manifest as it should be."""
        self.manifest["files"].append({"name": name, "size": 0, "sha256": "", "rows": 0, "columns": []})
        self.put(name, content)

    def write(self, path, entry=zipfile.ZipInfo):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for name, content in self.members.items():
                made.writestr(entry(name), content, zipfile.ZIP_DEFLATED)
            made.writestr(archive.MANIFEST, json.dumps(self.manifest))


@pytest.fixture(scope="module")
def _honest(_sqlite_week, tmp_path_factory):
    home = tmp_path_factory.mktemp("honest")
    shutil.copyfile(_sqlite_week, home / "tournee.db")
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'tournee.db'}")
    return backups.back_up(settings, home / "books.zip", now=MORNING).path


@pytest.fixture
def forged(_honest):
    with zipfile.ZipFile(_honest) as found:
        members = {name: found.read(name) for name in found.namelist()}
    manifest = json.loads(members.pop(archive.MANIFEST))
    return Forged(members, manifest)


#: Reasons that are found only while rows go in.
LATE = ("wrong-rows", "not-restorable", "changed-on-the-way")
#: What is done to an honest archive, in words, and the reason it must then be refused for.
SPOILT: dict = {}


def spoil(reason):
    """A kind of forgery, called by the words of its function's name."""

    def keep(deed):
        SPOILT[deed.__name__.replace("_", " ")] = (deed, reason)
        return deed

    return keep


@spoil("not-an-archive")
def it_is_empty(forged, path):
    path.write_bytes(b"")


@spoil("not-an-archive")
def it_is_no_zip(forged, path):
    path.write_bytes(b"SQLite format 3\0" * 100)


@spoil("not-an-archive")
def its_end_is_cut_off(forged, path):
    forged.write(path)
    path.write_bytes(path.read_bytes()[:-200])


@spoil("wrong-checksum")
def a_byte_in_the_middle_is_flipped(forged, path):
    forged.write(path)
    with zipfile.ZipFile(path) as made:
        members = [one for one in made.infolist() if one.filename != archive.MANIFEST]
    largest = max(members, key=lambda one: one.compress_size)
    content = bytearray(path.read_bytes())
    # Past the member's own header, into what it holds.
    content[largest.header_offset + 30 + len(largest.filename) + largest.compress_size // 2] ^= 0xFF
    path.write_bytes(content)


@spoil("no-manifest")
def it_has_no_manifest(forged, path):
    with zipfile.ZipFile(path, "w") as made:
        for name, content in forged.members.items():
            made.writestr(name, content)


@spoil("no-manifest")
def its_manifest_is_no_json(forged, path):
    forged.members[archive.MANIFEST] = b"{"
    _write_members(forged, path)


@spoil("no-manifest")
def its_manifest_is_nested_a_hundred_thousand_deep(forged, path):
    forged.members[archive.MANIFEST] = b"[" * 100_000 + b"]" * 100_000
    _write_members(forged, path)


@spoil("no-manifest")
def its_manifest_lacks_its_tables(forged, path):
    del forged.manifest["tables"]
    forged.write(path)


@spoil("no-manifest")
def its_manifest_counts_below_zero(forged, path):
    forged.table("movement")["rows"] = -1
    forged.write(path)


@spoil("too-large")
def its_manifest_is_huge(forged, path):
    forged.manifest["padding"] = "x" * (archive.MOST_MANIFEST_BYTES + 1)
    forged.write(path)


@spoil("unknown-format")
def its_format_is_of_tomorrow(forged, path):
    forged.manifest["format"] = "tournee-backup/2"
    forged.write(path)


@spoil("unknown-revision")
def its_revision_is_of_tomorrow(forged, path):
    forged.manifest["revision"] = "9999"
    forged.write(path)


@spoil("unsafe-name")
def a_member_climbs_to_the_parent_folder(forged, path):
    forged.members["home/uploads/../../../etc/cron.d/x"] = b"x"
    forged.write(path)


@spoil("unsafe-name")
def a_member_has_an_absolute_name(forged, path):
    forged.members["/etc/passwd"] = b"x"
    forged.write(path)


@spoil("unsafe-name")
def a_member_has_a_drive_letter(forged, path):
    forged.members["C:evil"] = b"x"
    forged.write(path)


@spoil("unsafe-name")
def a_member_has_backslashes(forged, path):
    forged.members["home\\uploads\\..\\x"] = b"x"
    forged.write(path)


@spoil("unsafe-kind")
def a_member_is_a_symbolic_link(forged, path):
    forged.file("home/uploads/link.csv", b"/etc/passwd")

    def entry(name):
        made = zipfile.ZipInfo(name)
        made.external_attr = ((stat.S_IFLNK if "link" in name else stat.S_IFREG) | 0o777) << 16
        return made

    forged.write(path, entry)


@spoil("unsafe-kind")
def a_member_is_a_device(forged, path):
    def entry(name):
        made = zipfile.ZipInfo(name)
        made.external_attr = (stat.S_IFCHR | 0o666) << 16
        return made

    forged.write(path, entry)


@spoil("unsafe-kind")
def a_member_is_a_folder(forged, path):
    forged.members["home/uploads/"] = b""
    forged.write(path)


@spoil("unsafe-kind")
def a_member_is_packed_in_another_way(forged, path):
    with zipfile.ZipFile(path, "w") as made:
        for name, content in (forged.members | {archive.MANIFEST: json.dumps(forged.manifest).encode()}).items():
            made.writestr(name, content, zipfile.ZIP_LZMA)


@spoil("unsafe-kind")
def a_member_is_encrypted(forged, path):
    forged.write(path)
    content = path.read_bytes().replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
    path.write_bytes(content)


@spoil("unlisted-member")
def it_brings_a_pickle_along(forged, path):
    forged.members["tables/evil.pkl"] = pickle.dumps({"a": 1})
    forged.write(path)


@spoil("unlisted-member")
def its_manifest_names_a_file_we_do_not_keep(forged, path):
    forged.file("home/run.sh")
    forged.write(path)


@spoil("unlisted-member")
def its_manifest_names_the_region_of_another(forged, path):
    forged.file("home/uploads/.hidden")
    forged.write(path)


@spoil("unlisted-member")
def a_name_comes_twice_in_the_zip(forged, path):
    forged.write(path)
    with zipfile.ZipFile(path, "a") as made, pytest.warns(UserWarning):
        made.writestr("tables/movement.jsonl", b"[]\n")


@spoil("unlisted-member")
def a_name_comes_twice_in_the_manifest(forged, path):
    forged.manifest["tables"].append(forged.table("movement"))
    forged.write(path)


@spoil("missing-member")
def a_table_is_missing(forged, path):
    del forged.members["tables/movement.jsonl"]
    forged.write(path)


@spoil("wrong-tables")
def a_table_is_missing_in_the_manifest_too(forged, path):
    forged.manifest["tables"].remove(forged.table("movement"))
    del forged.members["tables/movement.jsonl"]
    forged.write(path)


@spoil("wrong-tables")
def a_table_has_a_column_more(forged, path):
    forged.table("movement")["columns"].append("is_admin")
    forged.write(path)


@spoil("wrong-tables")
def a_table_is_called_otherwise(forged, path):
    told = forged.table("movement")
    forged.members["tables/sqlite_master.jsonl"] = forged.members.pop("tables/movement.jsonl")
    told["name"] = "tables/sqlite_master.jsonl"
    forged.write(path)


@spoil("too-large")
def it_is_a_bomb(forged, path):
    forged.file("home/uploads/zeros.csv", bytes(archive.FREE_BYTES + 2**20))
    forged.write(path)


@spoil("wrong-checksum")
def a_table_is_not_what_its_checksum_says(forged, path):
    content = forged.members["tables/movement.jsonl"]
    forged.members["tables/movement.jsonl"] = content.replace(b"supplier", b"suppliar")[: len(content)]
    forged.table("movement")["sha256"] = "0" * 64
    forged.write(path)


@spoil("wrong-rows")
def it_holds_fewer_rows_than_it_says(forged, path):
    forged.put("tables/movement.jsonl", b"".join(forged.lines("movement")[:-1]), rows=len(forged.lines("movement")))
    forged.write(path)


@spoil("wrong-rows")
def a_row_is_no_json(forged, path):
    forged.put("tables/movement.jsonl", b"cos\nsystem\n(S'id'\ntR.\n")
    forged.write(path)


@spoil("wrong-rows")
def a_row_is_nested_a_hundred_thousand_deep(forged, path):
    forged.put("tables/movement.jsonl", b"[" * 100_000 + b"]" * 100_000 + b"\n")
    forged.write(path)


@spoil("wrong-rows")
def a_row_lacks_a_cell(forged, path):
    forged.put_rows("movement", [[1, 2, 3]])
    forged.write(path)


@spoil("wrong-rows")
def a_number_is_a_text(forged, path):
    forged.change("movement", quantity="1")
    forged.write(path)


@spoil("wrong-rows")
def a_number_is_too_large_for_any_database(forged, path):
    forged.change("movement", quantity=2**70)
    forged.write(path)


@spoil("wrong-rows")
def a_moment_is_a_word(forged, path):
    forged.change("movement", occurred_at="yesterday")
    forged.write(path)


@spoil("wrong-rows")
def a_moment_has_no_zone(forged, path):
    forged.change("movement", occurred_at="2026-11-24T08:00:00.000000")
    forged.write(path)


@spoil("wrong-rows")
def a_cell_that_must_not_be_empty_is(forged, path):
    forged.change("movement", cause=None)
    forged.write(path)


@spoil("wrong-rows")
def a_line_never_ends(forged, path):
    forged.put("tables/movement.jsonl", b"[" + b" " * (archive.MOST_LINE_BYTES + 10) + b"1]\n")
    forged.write(path)


@spoil("not-restorable")
def a_row_comes_twice(forged, path):
    forged.put("tables/movement.jsonl", b"".join([*forged.lines("movement"), forged.lines("movement")[0]]))
    forged.write(path)


@spoil("not-restorable")
def a_row_breaks_a_check(forged, path):
    forged.change("movement", quantity=-5)
    forged.write(path)


@spoil("not-restorable")
def a_row_points_nowhere(forged, path):
    forged.change("movement", product_id=99_999)
    forged.write(path)


@spoil("changed-on-the-way")
def a_cell_is_written_in_an_unusual_way(forged, path):
    forged.change("movement", occurred_at="2026-11-24T09:00:00+01:00")
    forged.write(path)


def _write_members(forged, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in forged.members.items():
            made.writestr(name, content)


#: Found only while the rows go in; the others before a database is even opened.
IN_ITS_ROWS = [kind for kind, (_, reason) in SPOILT.items() if reason in LATE]


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_archive_is_refused_by_name(kind, forged, tmp_path):
    path, home = tmp_path / "spoilt.zip", tmp_path / "elsewhere"
    spoiling, expected = SPOILT[kind]
    spoiling(forged, path)

    with pytest.raises(backups.ArchiveRefused) as refusal:
        backups.restore(Settings(home=home, database_url=f"sqlite:///{home / 'tournee.db'}"), path, now=MORNING)

    assert refusal.value.reason == expected
    assert {one.name for one in home.iterdir()} <= {".setting-up"}


@pytest.mark.parametrize("kind", IN_ITS_ROWS)
def test_rows_that_postgresql_must_not_have_leave_it_empty(kind, forged, postgresql_server, tmp_path):
    path = tmp_path / "spoilt.zip"
    spoiling, expected = SPOILT[kind]
    spoiling(forged, path)
    name = postgresql_server.create()
    settings = Settings(home=tmp_path / "elsewhere", database_url=postgresql_server.url(name))

    with pytest.raises(backups.ArchiveRefused) as refusal:
        backups.restore(settings, path, now=MORNING)

    assert refusal.value.reason == expected
    engine = open_engine(settings.database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'")).scalar() == 0
    engine.dispose()
    postgresql_server.drop(name)


def test_a_refused_archive_leaves_the_books_that_are_there(forged, tmp_path, _sqlite_week):
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(_sqlite_week, home / "tournee.db")
    before = (home / "tournee.db").read_bytes()
    a_row_comes_twice(forged, tmp_path / "spoilt.zip")

    with pytest.raises(backups.ArchiveRefused):
        settings = Settings(home=home, database_url=f"sqlite:///{home / 'tournee.db'}")
        backups.restore(settings, tmp_path / "spoilt.zip", now=MORNING, force=True)

    assert (home / "tournee.db").read_bytes() == before
    assert not (home / "backups").exists()


def test_every_reason_for_a_refusal_is_shown_by_a_forgery():
    assert {reason for _, reason in SPOILT.values()} == set(REASONS)


def test_an_honest_archive_passes_the_same_judges(forged, tmp_path):
    forged.write(tmp_path / "honest.zip")

    assert backups.check(tmp_path / "honest.zip").rows > 100
