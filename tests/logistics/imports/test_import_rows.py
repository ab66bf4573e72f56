"""Rows that go in, rows that are refused and what is said about them."""

from __future__ import annotations

import csv

import pytest
from sqlalchemy import func, select

from inventory.models import Address, Asset, Balance, Employee, Holder, Movement, Product, Site
from logistics.imports import KINDS, FileRefused
from logistics.imports.columns import COLUMNS
from logistics.models import User, Van
from tests.logistics.imports.files import BEFORE, EMPLOYEES, GOOD, STOCK, changed


def counts(report):
    return report.created, report.updated, report.unchanged, report.conflicting, report.refused


def rows(system, table):
    with system.sessions() as session:
        return session.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_file_goes_in_and_a_second_time_changes_nothing(system, bring, kind):
    for before in BEFORE[kind]:
        bring(before)
    size = len(GOOD[kind].strip().split("\n")) - 1

    first, movements = bring(kind), rows(system, Movement)
    second = bring(kind)

    assert counts(first) == (size, 0, 0, 0, 0)
    assert counts(second) == (0, 0, size, 0, 0)
    assert rows(system, Movement) == movements
    assert (first.encoding, first.separator, first.written, first.error_file) == ("utf-8", ",", True, None)


def test_every_fact_of_a_row_arrives(system, bring):
    for kind in GOOD:
        bring(kind)

    with system.sessions() as session:
        site = session.scalars(select(Site)).one()
        van = session.scalars(select(Van)).one()
        laptop = session.scalars(select(Product).where(Product.sku == "LAP")).one()
        home = session.scalars(select(Address).order_by(Address.id)).first()
        holder = session.scalars(select(Holder).join(Asset).where(Asset.asset_tag == "T9")).one()
        shelf = session.scalars(select(Balance).join(Holder).join(Product).where(
            Holder.kind == "site", Product.sku == "HEA")).one()  # fmt: skip
        courier = session.scalars(select(User).where(User.login == "carl")).one()
    assert (site.timezone, f"{site.opens:%H:%M}", site.lat) == ("Europe/Paris", "07:00", 43.7434)
    assert (van.skills, van.cost_per_hour_cents, van.kind) == (frozenset({"assembly"}), 2800, "van")
    assert (laptop.data_bearing, laptop.weight_g) == (True, 2100)
    assert (home.line, home.lat, home.accuracy, home.source) == ("Rue A", 43.744, "given", "import")
    assert (holder.name, shelf.on_hand, courier.van_id) == ("employee:E1", 20, van.id)


def test_a_changed_cell_updates_and_a_missing_column_leaves_what_is_there(system, bring):
    bring("employees", EMPLOYEES.replace("country,lat", "country,department,lat").replace("FR,", "FR,Finance,"))

    report = bring("employees", changed("employees", 2, "family_name", "Rossi"))

    assert counts(report) == (0, 1, 1, 0, 0)
    with system.sessions() as session:
        ada = session.scalars(select(Employee).where(Employee.number == "E1")).one()
    assert (ada.family_name, ada.department) == ("Rossi", "Finance")


def test_an_employees_site_arrives_is_kept_without_the_column_and_goes_with_an_empty_cell(system, bring):
    def told(cell):
        return EMPLOYEES.replace(",lat,lon", ",site,lat,lon").replace("FR,43.7440", f"FR,{cell},43.7440").replace(
            "FR,43.7450", "FR,BEA,43.7450")  # fmt: skip

    def seen():
        with system.sessions() as session:
            found = select(Site.code).select_from(Employee).outerjoin(Site, Site.id == Employee.site_id)
            return session.scalar(found.where(Employee.number == "E1"))

    bring("sites")
    first = bring("employees", told("BEA"))
    kept, after_first = bring("employees"), seen()
    tried = bring("employees", told("XXX"), dry_run=True)
    gone = bring("employees", told(""))

    assert (counts(first), after_first, counts(kept)) == ((2, 0, 0, 0, 0), "BEA", (0, 0, 2, 0, 0))
    assert [(one.line, one.column, one.code, "XXX" in one.sentence()) for one in tried.problems] == [
        (2, "site", "unknown-record", True)
    ]
    assert (counts(gone), seen()) == ((0, 1, 1, 0, 0), None)


def test_a_moved_employee_keeps_the_old_address_with_its_end(system, bring):
    bring("employees")

    report = bring("employees", changed("employees", 2, "address_line", "Rue Z"))

    assert counts(report) == (0, 1, 1, 0, 0)
    with system.sessions() as session:
        homes = session.scalars(select(Address).order_by(Address.id)).all()
    assert [(home.line, home.valid_to is None) for home in homes if home.line in ("Rue A", "Rue Z")] == [
        ("Rue A", False),
        ("Rue Z", True),
    ]


def test_french_headers_windows_1252_and_semicolons_are_understood(system, bring):
    told = (
        "Matricule;Prénom;Nom;Courriel;Téléphone;Langue;Adresse;Code postal;Ville;Pays;Latitude;Longitude;"
        "Date d'entrée\n"
        "E7;Zoé;Lefèvre;zoe@example.com;;fr;Rue du Pré;06240;Beausoleil;FR;43,7440;7,4230;2024-02-29\n"
    )

    report = bring("employees", told.encode("windows-1252"))

    assert counts(report) == (1, 0, 0, 0, 0)
    assert (report.encoding, report.separator) == ("windows-1252", ";")
    with system.sessions() as session:
        zoe = session.scalars(select(Employee)).one()
        home = session.scalars(select(Address)).one()
    assert (zoe.given_name, zoe.family_name, str(zoe.start_date)) == ("Zoé", "Lefèvre", "2024-02-29")
    assert (home.lat, home.lon) == (43.744, 7.423)


@pytest.mark.parametrize("kind", KINDS)
def test_every_french_header_finds_its_column_and_no_other(kind):
    met = {}
    for column in COLUMNS[kind]:
        for spelling in column.spellings:
            assert met.setdefault(spelling, column.name) == column.name
        assert column.french, f"{kind}.{column.name} has no French header"


def test_unknown_columns_are_named_and_ignored(bring):
    report = bring("stock", "site,colour,sku,quantity,\nBEA,red,HEA,1,\n".replace("BEA", "XXX"))

    assert report.ignored_columns == ("colour", "#5")


REFUSED = [
    # kind, line, column, cell, code, part of the sentence
    ("sites", 2, "code", "", "missing-value", "a value is needed"),
    ("sites", 2, "code", "B EA", "not-in-a-key", "at position 2"),
    ("sites", 2, "code", "B:EA", "not-in-a-key", "':'"),
    ("sites", 2, "code", "B" * 21, "too-long", "21 characters long; 20 are allowed"),
    ("sites", 2, "opens", "24:00", "not-a-time", "HH:MM"),
    ("sites", 2, "opens", "7", "not-a-time", "HH:MM"),
    ("sites", 2, "closes", "06:30", "closes-before-it-opens", "later than opens (07:00)"),
    ("sites", 2, "timezone", "Paris", "not-a-zone", "Europe/Paris"),
    ("sites", 2, "country", "France", "not-a-country", "two letters"),
    ("sites", 2, "lat", "95", "coordinate-out-of-range", "-90 to 90"),
    ("sites", 2, "lon", "700", "coordinate-out-of-range", "-180 to 180"),
    ("sites", 2, "lat", "NaN", "not-a-coordinate", "degrees"),
    ("sites", 2, "lat", "inf", "not-a-coordinate", "degrees"),
    ("sites", 2, "lat", "1e1", "not-a-coordinate", "degrees"),
    ("products", 2, "tracking", "both", "not-one-of", "serial, quantity"),
    ("products", 2, "weight_g", "-2", "out-of-range", "from 0 to"),
    ("products", 2, "weight_g", "4.5", "not-a-number", "whole number"),
    ("products", 2, "weight_g", "4 kg", "not-a-number", "without unit"),
    ("products", 2, "weight_g", "1e3", "not-a-number", "whole number"),
    ("products", 2, "weight_g", "9" * 30, "out-of-range", "2000000000"),
    ("products", 2, "service_minutes", "601", "out-of-range", "from 0 to 600"),
    ("products", 2, "data_bearing", "maybe", "not-one-of", "yes, no"),
    ("products", 2, "sku", "1.23E+11", "damaged-number", "spreadsheet"),
    ("products", 2, "sku", "LAP\u200b", "control-character", "U+200B"),
    ("products", 2, "name", "a\u0007b", "control-character", "U+0007"),
    ("products", 2, "name", "x" * 121, "too-long", "120 are allowed"),
    ("stock", 2, "site", "ZZZ", "unknown-record", "no site ZZZ"),
    ("stock", 2, "sku", "ZZZ", "unknown-record", "no product ZZZ"),
    ("stock", 2, "sku", "LAP", "tracked-by-serial", "import its pieces as assets"),
    ("stock", 2, "quantity", "-1", "out-of-range", "from 0"),
    ("stock", 2, "quantity", "1.5", "not-a-number", "whole number"),
    ("assets", 2, "holder", "BEA", "not-a-holder", "site:CODE or employee:NUMBER"),
    ("assets", 2, "holder", "site:ZZZ", "unknown-record", "no site ZZZ"),
    ("assets", 2, "holder", "employee:E99", "unknown-record", "no employee E99"),
    ("assets", 2, "sku", "HEA", "tracked-by-quantity", "import it as stock"),
    ("assets", 2, "serial", "1,5E+12", "damaged-number", "spreadsheet"),
    ("employees", 2, "email", "ada", "not-an-email", "e-mail"),
    ("employees", 2, "language", "french", "not-a-language", "language"),
    ("employees", 2, "lon", "", "half-a-point", "both"),
    ("vans", 2, "kind", "lorry", "not-one-of", "van, cargo_bike"),
    ("vans", 2, "site", "ZZZ", "unknown-record", "no site ZZZ"),
    ("vans", 2, "shift_end", "08:00", "closes-before-it-opens", "later than shift_start (08:00)"),
    ("vans", 2, "weight_capacity_g", "", "missing-value", "a value is needed"),
    ("users", 2, "role", "king", "not-one-of", "coordinator"),
    ("users", 2, "login", "two words", "invalid-request", "without blanks"),
    ("users", 2, "sites", "BEA|ZZZ", "unknown-record", "no site ZZZ"),
    ("users", 3, "van", "V9", "unknown-record", "no van V9"),
    ("users", 2, "employee_number", "E99", "unknown-record", "no employee E99"),
]


@pytest.mark.parametrize("kind", GOOD)
def test_a_bad_cell_refuses_its_row_alone_and_says_why(system, bring, kind):
    for before in BEFORE[kind]:
        bring(before)
    others = len(GOOD[kind].strip().split("\n")) - 2
    cases = [case for case in REFUSED if case[0] == kind]
    assert cases

    for _, line, column, cell, code, words in cases:
        report = bring(kind, changed(kind, line, column, f'"{cell}"' if "," in cell else cell), dry_run=True)

        assert counts(report) == (others, 0, 0, 0, 1), cell
        (problem,) = report.problems
        assert (problem.line, problem.column, problem.code) == (line, column, code), cell
        assert words in problem.sentence(), cell
        assert problem.sentence("fr") != problem.sentence("en"), cell
        assert "?" not in problem.sentence("fr").replace(" ?", ""), cell


@pytest.mark.parametrize(
    ("lat", "lon", "country", "code"),
    [
        ("7.4230", "43.7440", "FR", "swapped-point"),
        ("7.4230", "43.7440", "MC", "swapped-point"),
        ("0", "0", "FR", "zero-point"),
        ("0.0", "0,0", "", "zero-point"),
    ],
)
def test_points_that_cannot_be_meant_are_refused(bring, lat, lon, country, code):
    told = EMPLOYEES.split("\n")[0].replace(",", ";") + f"\nE1;A;R;;;fr;Rue A;06240;Beausoleil;{country};{lat};{lon}\n"

    report = bring("employees", told)

    assert [problem.code for problem in report.problems] == [code]
    assert lat not in report.problems[0].sentence() or lat.startswith("0")


def test_a_faraway_point_of_the_same_country_is_not_called_swapped(bring):
    told = EMPLOYEES.split("\n")[0] + "\nE1,A,R,,,fr,Rue A,97400,Saint-Denis,FR,-20.88,55.45\n"

    assert counts(bring("employees", told)) == (1, 0, 0, 0, 0)


def test_everything_wrong_with_a_row_is_said_at_once(bring):
    report = bring("sites", changed("sites", 2, "opens", "x").replace("Europe/Paris", "Mars").replace("43.7434", "?"))

    assert {problem.column for problem in report.problems} == {"opens", "timezone", "lat"}
    assert report.refused == 1


def test_rows_of_the_wrong_width_are_refused(bring):
    bring("sites")
    bring("products")

    report = bring("stock", "site,sku,quantity\nBEA,HEA\nBEA,HEA,20,extra\nBEA,DESK,3,,\n")

    assert [(problem.line, problem.code) for problem in report.problems] == [
        (2, "too-few-cells"),
        (3, "too-many-cells"),
    ]
    assert counts(report) == (1, 0, 0, 0, 2)


@pytest.mark.parametrize(
    ("kind", "extra", "line", "first"),
    [
        ("stock", "bea,hea,5\n", 4, 2),
        ("employees", "e2,X,Y,,,fr,Rue C,06240,Beausoleil,FR,43.7,7.4\n", 4, 3),
        ("assets", "T1,S77,LAP,site:BEA\n", 5, 2),
        ("assets", "T77,S1,LAP,site:BEA\n", 5, 2),
        ("assets", "t2,S78,LAP,site:BEA\n", 5, 3),
    ],
)
def test_a_fact_told_twice_in_one_file_names_both_lines(bring, kind, extra, line, first):
    for before in BEFORE[kind]:
        bring(before)

    report = bring(kind, GOOD[kind] + extra)

    (problem,) = report.problems
    assert (problem.line, problem.code, problem.facts["first"]) == (line, "told-twice", first)


def test_an_opening_fact_that_the_books_contradict_moves_nothing(system, bring):
    for kind in ("sites", "products", "stock", "employees", "assets"):
        bring(kind)
    before = rows(system, Movement)

    stock = bring("stock", STOCK.replace("20", "25"))
    assets = bring("assets", changed("assets", 2, "holder", "employee:E1"))

    assert counts(stock) == (0, 0, 1, 1, 0)
    assert stock.conflicts[0].line == 2
    assert "20 recorded, 25 told" in stock.conflicts[0].sentence()
    assert counts(assets) == (0, 0, 2, 1, 0)
    assert rows(system, Movement) == before
    assert (stock.error_file, stock.ok) == (None, False)


def test_a_serial_number_of_another_piece_is_refused(bring):
    for kind in ("sites", "products", "employees", "assets"):
        bring(kind)

    report = bring("assets", "asset_tag,serial,sku,holder\nT50,S1,LAP,site:BEA\n")

    assert counts(report) == (0, 0, 0, 0, 1)
    assert report.problems[0].code == "already-exists"


def test_formulas_are_kept_as_text(system, bring):
    bring("products", PRODUCTS_WITH_FORMULA)

    with system.sessions() as session:
        names = set(session.scalars(select(Product.name)))
    assert names == {'=HYPERLINK("x")', "+1", "@cmd"}


PRODUCTS_WITH_FORMULA = """sku,name,tracking,weight_g,volume_ml,service_minutes,data_bearing,skills
A,"=HYPERLINK(""x"")",serial,1,1,1,no,
B,+1,serial,1,1,1,no,
C,@cmd,serial,1,1,1,no,
"""


def test_leading_zeros_and_odd_letters_survive(system, bring):
    told = EMPLOYEES.split("\n")[0] + "\n00123,Łukasz 🚲,O'Neil-Ñandú,,,fr,Rue A,06240,Beausoleil,FR,43.744,7.423\n"

    bring("employees", told)

    with system.sessions() as session:
        found = session.scalars(select(Employee)).one()
    assert (found.number, found.given_name, found.family_name) == ("00123", "Łukasz 🚲", "O'Neil-Ñandú")


@pytest.mark.parametrize(
    ("street", "code", "accuracy", "reason"),
    [
        ("Rue Qui N Existe Pas", "unlocated", "unlocated", "not-found"),
        ("Avenue de la Gare", "ambiguous", "unlocated", "ambiguous"),
        ("Le Village", "located-roughly", "commune", ""),
    ],
)
def test_an_address_that_cannot_be_settled_is_named_and_never_guessed(system, bring, street, code, accuracy, reason):
    told = EMPLOYEES.split("\n")[0] + f"\nE5,A,R,,,fr,{street},06240,Beausoleil,FR,,\n"

    report = bring("employees", told)

    assert counts(report) == (1, 0, 0, 0, 0)
    (notice,) = report.notices
    assert (notice.line, notice.code, notice.facts["employee"]) == (2, code, "E5")
    if code == "ambiguous":
        assert "Èze; Cap-d'Ail" in notice.sentence()
        assert "Èze" not in str(report.as_json())
    with system.sessions() as session:
        home = session.scalars(select(Address)).one()
    assert (home.accuracy, home.unlocated_reason) == (accuracy, reason)
    assert (home.lat is None) == (accuracy == "unlocated")


def test_an_address_without_coordinates_is_looked_up_once_and_says_how_well_it_is_known(system, bring):
    told = EMPLOYEES.split("\n")[0] + "\nE5,A,R,,,fr,Rue A,06240,Beausoleil,FR,,\n"

    first, second = bring("employees", told), bring("employees", told)

    assert (counts(first), counts(second)) == ((1, 0, 0, 0, 0), (0, 0, 1, 0, 0))
    with system.sessions() as session:
        home = session.scalars(select(Address)).one()
    assert (home.accuracy, home.lat, home.source) == ("street", 43.744, "gazetteer:fake")


def test_a_pin_set_by_hand_outlives_the_next_import(system, bring):
    from inventory import addresses

    bring("employees")
    with system.sessions.begin() as session:
        ada = session.scalars(select(Employee).where(Employee.number == "E1")).one()
        addresses.set_pin(session, ada.id, lat=43.75, lon=7.43, now=system.now(), actor="cora")

    report = bring("employees")

    assert counts(report) == (0, 0, 2, 0, 0)
    with system.sessions() as session:
        assert addresses.current(session, ada.id).accuracy == "pin"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b"\n\n", "file-empty"),
        (b"site,sku,quantity\n", "no-rows"),
        (b"site,sku\nBEA,HEA\n", "header-missing"),
        (b"site:sku:quantity\nBEA:HEA:1\n", "header-missing-wrong-separator"),
        (b"site,sku,quantity,entrepot\nBEA,HEA,1,BEA\n", "header-twice"),
        (b"site,sku,quantity,Site\nBEA,HEA,1,BEA\n", "header-twice"),
        (b'site,sku,quantity\nBEA,"HEA,1\nBEA,DESK,2\n', "quote-not-closed"),
        (b"PK\x03\x04 a spreadsheet", "not-a-table"),
    ],
)
def test_a_file_that_is_no_table_of_its_kind_is_refused_as_a_whole(system, bring, content, code):
    bring("sites")
    bring("products")

    with pytest.raises(FileRefused) as refusal:
        bring("stock", content)

    assert refusal.value.code == code
    assert refusal.value.sentence("fr") != refusal.value.sentence("en")
    assert rows(system, Movement) == 0


def test_a_missing_file_and_an_unknown_kind_say_so(system, tmp_path):
    from logistics import imports

    with pytest.raises(FileRefused) as missing:
        imports.import_file(system, "stock", tmp_path / "none.csv", actor="test")
    with pytest.raises(FileRefused) as unknown:
        imports.import_file(system, "tours", tmp_path / "none.csv", actor="test")

    assert (missing.value.code, unknown.value.code) == ("file-not-found", "unknown-kind")


def test_bytes_the_encoding_does_not_know_refuse_their_row_alone(system, bring):
    good = changed("employees", 2, "given_name", "Zoé").encode()

    report = bring("employees", good.replace(b"E2,Bea", b"E2,B\xe9a"))

    assert counts(report) == (1, 0, 0, 0, 1)
    assert (report.problems[0].line, report.problems[0].code) == (3, "undecodable")


def test_refused_rows_are_not_lost_and_can_be_corrected_and_brought_again(system, bring, tmp_path):
    told = changed("employees", 2, "email", "nobody").replace("Ada", '"A, d ""a"""')

    report = bring("employees", told)
    corrected = report.error_file.read_bytes().replace(b"nobody", b"ada@example.com")
    again = bring("employees", corrected, name="again.csv")

    assert report.error_file == tmp_path / "employees.errors.csv"
    assert report.error_file.stat().st_mode & 0o077 == 0
    with report.error_file.open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert list(row)[-1] == "error"
    assert row["given_name"] == 'A, d "a"'
    assert row["error"] == "email “nobody” is not an e-mail address"
    assert (counts(again), again.ignored_columns) == ((1, 0, 0, 0, 0), ())


def test_an_uncorrected_error_file_is_refused_again_with_one_error_column(bring):
    first = bring("employees", changed("employees", 2, "email", "nobody"))

    second = bring("employees", first.error_file.read_bytes(), name="second.csv")

    assert counts(second) == (0, 0, 0, 0, 1)
    header = second.error_file.read_text(encoding="utf-8-sig").split("\n")[0]
    assert header.count("error") == 1


def test_cells_beyond_the_header_are_kept_in_the_error_file(bring):
    bring("sites")
    bring("products")

    report = bring("stock", "site,sku,quantity\nBEA,HEA,20,keep me\n")

    assert "keep me" in report.error_file.read_text(encoding="utf-8-sig")


def test_a_folder_that_cannot_be_written_sends_the_error_file_home(system, tmp_path):
    import io

    from logistics import imports

    stream = io.BytesIO(changed("employees", 2, "email", "nobody").encode())

    report = imports.import_file(system, "employees", stream, actor="test")

    assert report.error_file == system.settings.home / "imports" / "employees.errors.csv"


def test_a_dry_run_says_the_same_and_writes_nothing(system, bring, tmp_path):
    bad = changed("employees", 2, "email", "nobody")

    dry = bring("employees", bad, dry_run=True)

    assert (rows(system, Employee), list(tmp_path.glob("*.errors*"))) == (0, [])
    real = bring("employees", bad)
    assert counts(dry) == counts(real) == (1, 0, 0, 0, 1)
    assert dry.problems == real.problems
    assert (dry.written, real.written) == (False, True)


def test_all_or_nothing_refuses_the_file_for_one_bad_row(system, bring):
    report = bring("employees", changed("employees", 2, "email", "nobody"), all_or_nothing=True)

    assert (report.written, rows(system, Employee)) == (False, 0)
    corrected = report.error_file.read_bytes().replace(b"nobody", b"ada@example.com")
    assert counts(bring("employees", corrected, name="again.csv", all_or_nothing=True)) == (2, 0, 0, 0, 0)
    assert rows(system, Employee) == 2


def test_a_stopped_import_writes_nothing(system, bring, monkeypatch):
    from logistics.imports import run

    monkeypatch.setattr(run, "BREATH", 1)

    with pytest.raises(FileRefused) as refusal:
        bring("employees", cancelled=lambda: True)

    assert refusal.value.code == "import-cancelled"
    assert rows(system, Employee) == 0


def test_progress_is_said_and_the_session_forgets(system, bring, monkeypatch):
    from logistics.imports import run

    monkeypatch.setattr(run, "BREATH", 10)
    said = []
    many = (
        EMPLOYEES.split("\n")[0]
        + "\n"
        + "".join(f"E{n},A,R{n},,,fr,Rue {n},06240,Beausoleil,FR,43.74,7.42\n" for n in range(35))
    )

    report = bring("employees", many, on_progress=lambda facts: said.append(facts["rows"]))

    assert said == [10, 20, 30]
    assert counts(report) == (35, 0, 0, 0, 0)


def test_what_goes_into_a_task_row_names_no_home_and_no_cell(bring):
    bad = changed("employees", 2, "email", "secret-address").replace("43.7440", "431.7440")

    report = bring("employees", bad)

    assert "secret-address" in str(report.as_dict())
    assert "secret-address" not in str(report.as_json())
    assert "431" not in str(report.as_json())
    assert "Rue" not in str(report.as_json())
