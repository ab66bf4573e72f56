"""Users, and files brought in with a look at them first."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, cast

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from logistics import desk, factors, imports, invitations, mails, sites, states, uploads, users
from logistics.errors import InvalidRequest, WrongState
from logistics.mails import NoMail
from logistics.refusals import ANY_REFUSAL

from ..access import allowed
from ..forms import Form
from ..here import actor, now, system, today
from ..i18n import gettext as _
from ..i18n import language, refusal

pages = Blueprint("admin", __name__, url_prefix="/admin")
KINDS = ("sites", "products", "stock", "assets", "employees", "vans", "orders", "users")


@pages.get("/users", endpoint="users")
@allowed("admin")
def users_list() -> ResponseReturnValue:
    """Everybody who may sign in."""
    return _users_page(Form({}))


@pages.post("/users")
@allowed("admin")
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
            made = users.add_user_without_password(
                writing, login=login, role=role, name=name, employee_number=number or None, van_code=van or None,
                sites=chosen,
            )  # fmt: skip
            users.set_email(writing, made.login, email)
            link = invitations.invite(writing, system().settings, made.login, made_by=actor(), now=now())
    except ANY_REFUSAL as error:
        form.refuse(error, "login")
        return _users_page(form), 422
    return _users_page(Form({}), made=(made.login, link))


@pages.post("/users/<login>/link")
@allowed("admin")
def link(login: str) -> ResponseReturnValue:
    """A link to choose a password by: shown once, or mailed. The old password works until it is used."""
    by_mail = request.form.get("mail") == "yes"
    try:
        with system().sessions.begin() as writing:
            known = users.account_of(writing, login)
            make = invitations.reset if known.has_password else invitations.invite
            made = make(writing, system().settings, login, made_by=actor(), now=now(), by_mail=by_mail)
    except (NoMail, WrongState) as error:
        flash(refusal(error), "danger")
        return redirect(url_for("admin.users"))
    if not by_mail:
        return _users_page(Form({}), made=(known.login, made))
    sentence = _("A link for %(login)s will be mailed; it works once, for %(hours)s hours.",
                 login=known.login, hours=made.hours)  # fmt: skip
    flash(sentence, "success")
    return redirect(url_for("admin.users"))


@pages.post("/users/<login>/email")
@allowed("admin")
def email(login: str) -> ResponseReturnValue:
    """Where the account's mails go."""
    form = Form(request.form)
    try:
        with system().sessions.begin() as writing:
            users.set_email(writing, login, form.text("email", limit=200))
    except InvalidRequest as error:
        return _users_page(Form({}), wrong_email=(login, form.text("email"), refusal(error))), 422
    flash(_("The e-mail address is saved."), "success")
    return redirect(url_for("admin.users"))


@pages.post("/users/<login>/factors")
@allowed("admin")
def remove_factors(login: str) -> ResponseReturnValue:
    """Take every second factor of an account away, for somebody who has lost them; its sessions end."""
    with system().sessions.begin() as writing:
        factors.remove_all(writing, system().settings, login, now=now())
    told = _("The second factors of %(login)s are removed; every sign-in of the account has ended.", login=login)
    flash(told, "success")
    return redirect(url_for("admin.users"))


@pages.post("/users/<login>/active")
@allowed("admin")
def active(login: str) -> ResponseReturnValue:
    """Close an account, which ends its sessions, or open it again; the last open administrator stays."""
    try:
        with system().sessions.begin() as writing:
            users.set_active(writing, login, active=request.form.get("active") == "yes")
    except users.LastAdministrator as error:
        flash(refusal(error), "danger")
    return redirect(url_for("admin.users"))


def _users_page(
    form: Form, made: tuple[str, invitations.Link] | None = None, wrong_email: tuple[str, str, str] | None = None
) -> str:
    with system().sessions() as reading:
        known = users.accounts(reading)
        return render_template(
            "users.html", users=known, roles=states.ROLES, sites=sites.all_sites(reading), vans=desk.vans(reading),
            typed=form.typed, problems=form.problems, made=made, wrong_email=wrong_email,
            by_mail=mails.ready(system().settings),
        )  # fmt: skip


@pages.get("/import", endpoint="imports")
@allowed("admin")
def imports_form() -> ResponseReturnValue:
    """Choose a kind and a file."""
    return render_template("import.html", kinds=KINDS, columns=imports.COLUMNS, report=None)


@pages.post("/import")
@allowed("admin")
def preview() -> ResponseReturnValue:
    """Read the file without writing anything, and show what would happen."""
    kind, file = request.form.get("kind", ""), request.files.get("file")
    if kind not in KINDS or file is None or not file.filename:
        flash(_("Choose what the file holds, and a file."), "warning")
        return redirect(url_for("admin.imports"))
    try:
        taken = uploads.take(system(), cast(BinaryIO, file.stream))
    except imports.FileRefused as error:
        flash(error.sentence(language()), "danger")
        return redirect(url_for("admin.imports"))
    return _report(kind, taken.name, dry_run=True)


@pages.post("/import/<name>")
@allowed("admin")
def bring_in(name: str) -> ResponseReturnValue:
    """Write the good rows of the previewed file, or none when all or nothing is wanted."""
    kind = request.form.get("kind", "")
    if kind not in KINDS or not _upload(name).exists():
        abort(404)
    return _report(kind, name, dry_run=False)


def _report(kind: str, name: str, *, dry_run: bool) -> ResponseReturnValue:
    whole = request.form.get("whole") == "yes"
    try:
        report = imports.import_file(
            system(), kind, _upload(name), dry_run=dry_run, all_or_nothing=whole and not dry_run, today=today(),
            actor=actor(), errors_to=_upload(name, ".errors.csv"),
        )  # fmt: skip
    except ANY_REFUSAL as error:
        told = error.sentence(language()) if isinstance(error, imports.FileRefused) else refusal(error)
        flash(told, "danger")
        return redirect(url_for("admin.imports"))
    return render_template("import.html", kinds=KINDS, columns=imports.COLUMNS, report=report, kind=kind, name=name,
                           whole=whole, told=report.as_dict(language()),
                           encoding=uploads.encoding_of(name))  # fmt: skip


@pages.get("/import/<name>/errors.csv")
@allowed("admin")
def errors(name: str) -> ResponseReturnValue:
    """The refused rows, to be corrected and imported again."""
    file = _upload(name, ".errors.csv")
    if not file.exists():
        abort(404)
    return send_file(file, mimetype="text/csv", as_attachment=True, download_name="errors.csv")


def _upload(name: str, ending: str = "") -> Path:
    """Where an uploaded file lies; the names are ours."""
    try:
        return uploads.path(system(), name.removesuffix(".csv") + ending if ending else name)
    except imports.FileRefused:
        abort(404)
