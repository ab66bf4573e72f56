"""Users, and files brought in with a look at them first."""

from __future__ import annotations

from typing import BinaryIO, cast

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from logistics import imports, mails, states, uploads
from logistics.counter import accounts, catalogue
from logistics.counter import imports as files
from logistics.errors import InvalidRequest, UnknownRecord, WrongState
from logistics.invitations import Link
from logistics.mails import NoMail
from logistics.refusals import ANY_REFUSAL

from ..access import needs
from ..forms import Form
from ..here import now, system, today, viewer
from ..i18n import gettext as _
from ..i18n import language, refusal
from . import undo

pages = Blueprint("admin", __name__, url_prefix="/admin")
KINDS = ("sites", "products", "stock", "assets", "employees", "vans", "orders", "users")


@pages.get("/users", endpoint="users")
@needs("users.read")
def users_list() -> ResponseReturnValue:
    """Everybody who may sign in."""
    return _users_page(Form({}))


@pages.post("/users")
@needs("users.change")
def add() -> ResponseReturnValue:
    """Add somebody; they choose their password by a link that is made here and shown once."""
    form = Form(request.form)
    login, name = form.text("login", limit=80, required=True), form.text("name", limit=120, required=True)
    role = form.one_of("role", states.ROLES)
    number, van = form.text("employee_number", limit=40), form.text("van", limit=20)
    email = form.text("email", limit=200)
    if form.problems:
        return _users_page(form), 422
    chosen = frozenset(request.form.getlist("sites"))
    try:
        with system().sessions.begin() as writing:
            login, link = accounts.add(
                writing, viewer(), login=login, role=role, name=name, employee_number=number or None,
                van_code=van or None, sites=chosen, email=email, settings=system().settings, now=now(),
            )  # fmt: skip
    except ANY_REFUSAL as error:
        form.refuse(error, "login")
        return _users_page(form), 422
    return _users_page(Form({}), made=(login, link))


@pages.post("/users/<login>/link")
@needs("users.change")
def link(login: str) -> ResponseReturnValue:
    """A link to choose a password by: shown once, or mailed. The old password works until it is used."""
    by_mail = request.form.get("mail") == "yes"
    try:
        with system().sessions.begin() as writing:
            known, made = accounts.link(
                writing, viewer(), login, settings=system().settings, by_mail=by_mail, now=now()
            )
    except (NoMail, WrongState) as error:
        flash(refusal(error), "danger")
        return redirect(url_for("admin.users"))
    if not by_mail:
        return _users_page(Form({}), made=(known, made))
    sentence = _("A link for %(login)s will be mailed; it works once, for %(hours)s hours.",
                 login=known, hours=made.hours)  # fmt: skip
    flash(sentence, "success")
    return redirect(url_for("admin.users"))


@pages.post("/users/<login>/email")
@needs("users.change")
def email(login: str) -> ResponseReturnValue:
    """Where the account's mails go."""
    form = Form(request.form)
    try:
        with system().sessions.begin() as writing:
            accounts.set_email(writing, viewer(), login, form.text("email", limit=200))
    except InvalidRequest as error:
        return _users_page(Form({}), wrong_email=(login, form.text("email"), refusal(error))), 422
    flash(_("The e-mail address is saved."), "success")
    return redirect(url_for("admin.users"))


@pages.post("/users/<login>/factors")
@needs("users.change")
def remove_factors(login: str) -> ResponseReturnValue:
    """Take every second factor of an account away, for somebody who has lost them; its sessions end."""
    with system().sessions.begin() as writing:
        accounts.remove_factors(writing, viewer(), login, settings=system().settings, now=now())
    told = _("The second factors of %(login)s are removed; every sign-in of the account has ended.", login=login)
    flash(told, "success")
    return redirect(url_for("admin.users"))


@pages.post("/users/<login>/active")
@needs("users.change")
def active(login: str) -> ResponseReturnValue:
    """Close an account, which ends its sessions, or open it again; the last open administrator stays."""
    opens = request.form.get("active") == "yes"
    try:
        with system().sessions.begin() as writing:
            deed = accounts.set_active(writing, viewer(), login, opens)
    except accounts.LastAdministrator as error:
        flash(refusal(error), "danger")
    else:
        closed = _("The account %(login)s is closed; its sign-ins have ended.", login=login)
        flash(_("The account %(login)s is open again.", login=login) if opens else closed, "success")
        undo.offer(deed)
    return redirect(url_for("admin.users"))


def _users_page(
    form: Form, made: tuple[str, Link] | None = None, wrong_email: tuple[str, str, str] | None = None
) -> str:
    with system().sessions() as reading:
        known = accounts.index(reading, viewer())
        return render_template(
            "users.html", users=known, roles=states.ROLES, sites=catalogue.my_sites(reading, viewer()),
            vans=catalogue.vans(reading, viewer()), typed=form.typed, problems=form.problems, made=made,
            wrong_email=wrong_email, by_mail=mails.ready(system().settings),
            chosen_sites=request.form.getlist("sites") if form.problems else (),
        )  # fmt: skip


@pages.get("/import", endpoint="imports")
@needs("imports.use")
def imports_form() -> ResponseReturnValue:
    """Choose a kind and a file."""
    return _import_form()


def _import_form(kind: str = "", problem: str = "") -> ResponseReturnValue:
    made = render_template("import.html", kinds=KINDS, columns=imports.COLUMNS, report=None, kind=kind, problem=problem)
    return made, 422 if problem else 200


@pages.post("/import")
@needs("imports.use")
def preview() -> ResponseReturnValue:
    """Read the file without writing anything, and show what would happen."""
    kind, file = request.form.get("kind", ""), request.files.get("file")
    if kind not in KINDS or file is None or not file.filename:
        return _import_form(kind, _("Choose what the file holds, and a file."))
    try:
        name = files.take(system(), viewer(), kind, cast(BinaryIO, file.stream))
    except imports.FileRefused as error:
        return _import_form(kind, error.sentence(language()))
    return _report(name, dry_run=True)


@pages.post("/import/<name>")
@needs("imports.use")
def bring_in(name: str) -> ResponseReturnValue:
    """Write the good rows of the previewed file, or none when all or nothing is wanted."""
    return _report(name, dry_run=False)


def _report(name: str, *, dry_run: bool) -> ResponseReturnValue:
    whole = request.form.get("whole") == "yes"
    kind = ""
    try:
        kind = files.kind_of(system(), viewer(), name)
        if dry_run:
            report = files.preview(system(), viewer(), name, today=today())
        else:
            report = files.bring_in(system(), viewer(), name, whole=whole, today=today())
    except UnknownRecord:
        abort(404)
    except ANY_REFUSAL as error:
        told = error.sentence(language()) if isinstance(error, imports.FileRefused) else refusal(error)
        return _import_form(kind, told)
    return render_template("import.html", kinds=KINDS, columns=imports.COLUMNS, report=report, kind=kind, name=name,
                           whole=whole, told=report.as_dict(language()),
                           encoding=uploads.encoding_of(name))  # fmt: skip


@pages.get("/import/<name>/errors.csv")
@needs("imports.use")
def errors(name: str) -> ResponseReturnValue:
    """The refused rows, to be corrected and imported again."""
    try:
        file = files.error_file(system(), viewer(), name)
    except (UnknownRecord, imports.FileRefused):
        abort(404)
    return send_file(file, mimetype="text/csv", as_attachment=True, download_name="errors.csv")
