"""Headers, cookies and form tokens."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect

from logistics.settings import Settings

#: No inline script, no inline style and no foreign host anywhere. What has to be placed carries data attributes, and
#: `placing.js` sets the styles: a script of ours may, markup may not.
POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'",
        "img-src 'self' data: blob:", "font-src 'self'", "connect-src 'self'", "worker-src 'self' blob:",
        "manifest-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip

#: What browsers may keep: files that are the same for everybody. All the rest is about people.
KEPT = {"static", "maps.tiles"}

#: What a form may hold beside its files, and how many fields.
FORM_BYTES, FORM_FIELDS = 2_000_000, 1_000


def cookie_settings(settings: Settings) -> dict[str, Any]:
    """Cookies that scripts cannot read and other sites cannot send; over https their name binds them to this host."""
    https = settings.base_url.startswith("https://")
    secure = {"always": True, "never": False}.get(settings.secure_cookies, https)
    return {
        "SESSION_COOKIE_NAME": "__Host-tournee" if secure else "tournee",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "PERMANENT_SESSION_LIFETIME": 12 * 3600,
        "WTF_CSRF_TIME_LIMIT": None,
    }


def protect(app: Flask) -> None:
    """Ask for a token with every form and put the headers on every answer."""
    CSRFProtect(app)
    app.after_request(_headers)


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Permissions-Policy"] = "geolocation=(self), camera=(self), microphone=()"
    if request.endpoint not in KEPT or response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    return response
