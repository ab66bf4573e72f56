"""Reading and writing tables: every encoding, separator and damage a spreadsheet can send."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.tables import LONGEST_CELL, TableRefused, open_table, write_table

# Any text a cell may hold: no control characters but tab and line ends, no halves of letters.
CELLS = st.text(st.characters(exclude_categories=("Cc", "Cs"), include_characters="\t\r\n=+-@'\",;|é"), max_size=12)


def read(data: bytes):
    with open_table(io.BytesIO(data)) as table:
        return table.encoding, table.separator, table.headers, list(table.rows)


def cells_of(data: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in read(data)[3]]


def refusal(data: bytes):
    with pytest.raises(TableRefused) as refused:
        read(data)
    return refused.value.error


@pytest.mark.parametrize(
    ("encoding", "bytes_encoding"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"), ("windows-1252", "cp1252"),
    ],
)  # fmt: skip
def test_a_table_reads_alike_in_every_encoding(encoding, bytes_encoding):
    data = "number,name\r\nE1,Zoé Lefèvre\r\n".encode(bytes_encoding)

    found, _, headers, rows = read(data)

    assert found == encoding
    assert headers == ("number", "name")
    assert [(row.line, row.cells, row.error) for row in rows] == [(2, ("E1", "Zoé Lefèvre"), None)]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_although_others_stand_in_cells(separator):
    lines = [separator.join(row) for row in (("sku", "name", "note"), ("A", '"x,y;z|\tw"', "1"), ("B", "b", "2"))]

    _, found, headers, rows = read("\n".join(lines).encode())

    assert (found, headers) == (separator, ("sku", "name", "note"))
    assert [row.cells for row in rows] == [("A", "x,y;z|\tw", "1"), ("B", "b", "2")]


def test_a_decimal_comma_does_not_hide_the_semicolon():
    assert read(b"code;lat;lon\nA;43,7;7,2\nB;43,8;7,3\n")[1] == ";"


def test_a_spreadsheets_own_word_on_the_separator_is_taken_and_skipped():
    _, separator, headers, rows = read(b"sep=;\r\na;b\r\n1,5;2\r\n")

    assert (separator, headers) == (";", ("a", "b"))
    assert [(row.line, row.cells) for row in rows] == [(3, ("1,5", "2"))]


def test_rows_know_the_line_they_begin_on_although_cells_hold_line_breaks():
    rows = read(b'a,b\n1,"x\ny"\n\n,\n2,z')[3]

    assert [(row.line, row.cells) for row in rows] == [(2, ("1", "x\ny")), (6, ("2", "z"))]


@pytest.mark.parametrize("data", [b"", b" \n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n", b",,\n,,\n"])
def test_an_empty_file_says_so(data):
    assert refusal(data).code == "file-empty"


def test_a_header_alone_is_a_table_without_rows():
    assert read(b"a,b")[2:] == (("a", "b"), [])


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04rest", b"%PDF-1.7", bytes(200), b"a,b\n" + bytes(range(1, 9)) + bytes(90)]
)
def test_what_is_no_text_is_no_table(data):
    assert refusal(data).code == "not-a-table"


def test_headers_that_differ_by_accent_case_or_blank_only_are_refused():
    error = refusal("Employé, name ,EMPLOYE\n1,2,3\n".encode())

    assert (error.code, error.column, error.line) == ("header-twice", "EMPLOYE", 1)


def test_headers_without_a_name_are_not_twins():
    assert read(b"a,,\n1,,\n")[2] == ("a", "", "")


def test_a_quote_that_is_never_closed_is_told_with_its_line():
    error = refusal(b'a,b\n1,2\n3,"four\n5,6\n7,8\n')

    assert (error.code, error.line) == ("quote-not-closed", 3)


def test_a_long_table_after_an_open_quote_is_not_read_into_memory_to_say_so():
    error = refusal(b'a,b\n1,"open\n' + b"5,6\n" * 200_000)

    assert (error.code, error.line) == ("quote-not-closed", 2)


def test_a_stray_quote_spoils_its_row_and_no_other():
    rows = read(b'a,b\n"x"y,1\nz,2\n')[3]

    assert [(row.line, row.error and row.error.code, row.cells) for row in rows] == [
        (2, "stray-quote", ()), (3, None, ("z", "2"))
    ]  # fmt: skip


def test_an_undecodable_byte_is_told_with_its_row_and_place_and_the_others_are_read():
    data = "n,name\n1,Zoé\n2,Bad".encode() + b"\xff" + "\n3,Éva\n".encode()

    encoding, _, _, rows = read(data)

    assert encoding == "utf-8"
    assert [(row.line, row.error and row.error.code) for row in rows] == [(2, None), (3, "undecodable"), (4, None)]
    assert rows[1].error.facts["offset"] == data.index(b"\xff")
    assert rows[1].error.column == "name"
    assert rows[2].cells == ("3", "Éva")


def test_a_byte_that_windows_1252_does_not_know_is_told_too():
    data = "n,name\n1,Zoé\n2,Éva".encode("cp1252") + b"\x81\n"

    encoding, _, _, rows = read(data)

    assert encoding == "windows-1252"
    assert rows[0].cells == ("1", "Zoé")
    assert (rows[1].error.code, rows[1].error.facts["offset"]) == ("undecodable", data.index(b"\x81"))


def test_the_place_of_a_byte_counts_the_mark_at_the_start():
    data = b"\xef\xbb\xbf" + "n,é\n1,".encode() + b"\xfe\n"

    assert read(data)[3][0].error.facts["offset"] == data.index(b"\xfe")


def test_half_a_utf_16_letter_is_refused():
    assert refusal("a,b\n1,2".encode("utf-16") + b"\x00").code == "encoding-unknown"


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85"])
def test_a_control_character_is_told_with_its_place(character):
    (row,) = read(f"tag,serial\nA1,x{character}y\n".encode())[3]

    assert (row.error.code, row.error.line, row.error.column) == ("control-character", 2, "serial")
    assert row.error.facts == {"position": 2, "character": f"U+{ord(character):04X}"}


def test_marks_and_emoji_are_kept():
    kept = "a\u200fb\u200b👩‍🔧"

    assert cells_of(f"n,m\n1,{kept}\n".encode()) == [("1", kept)]


def test_a_cell_beyond_a_spreadsheets_measure_is_told():
    longer, long = "x" * (LONGEST_CELL + 1), "x" * LONGEST_CELL

    rows = read(f"a,b\n1,{longer}\n2,{long}\n".encode())[3]

    assert [row.error and row.error.code for row in rows] == ["cell-too-long", None]


def test_a_cell_of_ten_million_characters_is_refused_before_it_is_held():
    assert refusal(b"a,b\n1," + b"x" * 10_000_000).code == "line-too-long"


def test_five_thousand_columns_are_no_table():
    assert refusal(",".join(f"c{n}" for n in range(5_000)).encode()).code == "too-many-columns"


def test_formulas_are_read_as_text():
    assert cells_of(b'a,b\n=1+1,"=HYPERLINK(""x"")"\n') == [("=1+1", '=HYPERLINK("x")')]


@pytest.mark.parametrize(
    "text", ["=1+1", "+33 6", "-2", "@SUM(A1)", "\tx", "\rx", "\n=1", "＝1+1", "＋1", "－1", "＠A1", "'=1", "''-2"]
)
def test_what_looks_like_a_formula_is_written_with_an_apostrophe(text):
    stream = io.StringIO(newline="")

    write_table(stream, ["a", "b"], [[text, "'t Hooft"]])

    with open_table(io.BytesIO(stream.getvalue().encode())) as table:
        assert next(iter(table.rows)).cells == (text, "'t Hooft")
    assert f"'{text}" in stream.getvalue()
    assert "''t" not in stream.getvalue()


def test_a_header_that_looks_like_a_formula_is_written_with_an_apostrophe_too():
    stream = io.StringIO(newline="")

    write_table(stream, ["=HYPERLINK(1)", "b"], [["1", "2"]])

    assert stream.getvalue().startswith("'=HYPERLINK(1),b\r\n")
    with open_table(io.BytesIO(stream.getvalue().encode())) as table:
        assert table.headers == ("=HYPERLINK(1)", "b")


def test_no_other_code_writes_a_table():
    from tests.conftest import CHECKOUT

    writers = {
        file.relative_to(CHECKOUT).as_posix()
        for room in ("routing", "inventory", "logistics", "webapp")
        for file in (CHECKOUT / room).rglob("*.py")
        if re.search(r"csv\.(?:writer|DictWriter)|to_csv|savetxt|from csv import", file.read_text(encoding="utf-8"))
    }

    assert writers == {"inventory/tables.py"}


def test_numbers_are_written_as_numbers():
    stream = io.StringIO(newline="")

    write_table(stream, ["a", "b", "c"], [[-1, -2.5, None]])

    assert stream.getvalue() == "a,b,c\r\n-1,-2.5,\r\n"


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS).filter(lambda row: any(cell.strip() for cell in row)), max_size=8),
    separator=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_reading_gives_back_what_writing_was_given(rows, separator, encoding):
    stream = io.StringIO(newline="")

    write_table(stream, ["first", "second", "third"], rows, separator=separator)

    assert cells_of(stream.getvalue().encode(encoding)) == rows


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_refused_with_a_code(data):
    with_header = b"a,b\n" + data

    try:
        rows = read(with_header)[3]
    except TableRefused as refused:
        assert refused.error.code
    else:
        assert all(
            row.error or not any("\ud800" <= c <= "\udfff" or c == "\0" for c in "".join(row.cells)) for row in rows
        )


def test_a_pipe_that_cannot_be_read_twice_is_read_all_the_same():
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

    with open_table(Pipe(b"a;b\n1;2\n")) as table:
        assert [row.cells for row in table.rows] == [("1", "2")]


def test_a_stream_of_the_callers_stays_open():
    stream = io.BytesIO(b"a;b\n1;2\n")

    with open_table(stream) as table:
        list(table.rows)

    assert not stream.closed


def test_a_file_is_read_from_its_path(tmp_path):
    file = tmp_path / "file.csv"
    file.write_bytes(b"a,b\n1,2\n")

    with open_table(file) as table:
        assert [row.cells for row in table.rows] == [("1", "2")]
