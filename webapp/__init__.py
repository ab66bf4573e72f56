"""The face: Flask pages over logistics. Run it with `tournee serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apiflask import APIFlask

from logistics import keys

from . import access, api, arguments, auth, errors, i18n, observation, security, templating, views

if TYPE_CHECKING:
    from logistics.system import System


def create_app(system: System) -> APIFlask:
    """The web app over a wired system.

    Raises:
        access.Undeclared: a route does not say who may use it; the app refuses to start.
    """
    app = APIFlask(__name__, title="Tournée", version="1", json_errors=False, spec_path=None, docs_path=None)
    # A forgotten FLASK_DEBUG must not show anybody a traceback.
    app.debug = False
    app.config.update(
        SECRET_KEY=keys.derived(system.settings, "sessions"),
        MAX_CONTENT_LENGTH=system.settings.upload_limit_bytes,
        MAX_FORM_MEMORY_SIZE=security.FORM_BYTES,
        MAX_FORM_PARTS=security.FORM_FIELDS,
        **security.cookie_settings(system.settings),
    )
    app.extensions["tournee"] = system
    arguments.limit(app)
    observation.watch(app, system)
    security.protect(app)
    i18n.speak(app, default=system.settings.language)
    auth.recognise(app)
    errors.explain(app)
    templating.prepare(app)
    views.register(app)
    api.register(app, system.settings)
    access.enforce(app)
    return app
