"""The company's sign-in service: OpenID Connect with discovery, PKCE, state and nonce."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session

from .. import outgoing
from ..errors import LogisticsError
from ..observation import logger
from ..settings import Settings

SCOPE = "openid email profile"
#: How answers may be signed: by a key pair. A shared secret, or no signature, would let others sign.
ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip

log = logger("sign-in-service")


class ServiceRefused(LogisticsError):
    """The service is away, or its answer does not fit what was asked; nobody was signed in."""

    code = "service-refused"

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the sign-in service's answer does not hold ({why})")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the reader's session remembers while the reader is away at the service."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who the service says it is. `email` is empty unless the service has verified it."""

    issuer: str
    subject: str
    email: str
    name: str


def is_set(settings: Settings) -> bool:
    """Whether there is such a service here. Without our own address it could not lead back."""
    return bool(settings.oidc_issuer and settings.oidc_client_id and settings.base_url)


def ask(settings: Settings, *, back: str, anew: bool = False) -> tuple[str, Wish]:
    """Where to send the reader, and what to remember.

    Args:
        back: our address for the answer.
        anew: whether the service should ask for a proof although the reader is signed in there.

    Raises:
        ServiceRefused: the service is away or not what the settings say.
    """
    service = _Service(settings)
    address = str(service.metadata("authorization_endpoint"))
    if urlsplit(address).scheme != "https" and urlsplit(settings.oidc_issuer).scheme == "https":
        raise ServiceRefused("endpoint-not-https")
    wish = Wish(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
    with service.session(back) as session:
        url, _ = session.create_authorization_url(
            address, state=wish.state, nonce=wish.nonce, code_verifier=wish.verifier,
            **({"prompt": "login"} if anew else {}),
        )  # fmt: skip
    return str(url), wish


def answer(settings: Settings, wish: Wish, told: Mapping[str, str], *, back: str) -> Person:
    """Who came back, from the query of our address.

    Raises:
        ServiceRefused: another state, no code, a token that does not hold, or the service is away.
    """
    if not secrets.compare_digest(told.get("state", "").encode(), wish.state.encode()):
        raise ServiceRefused("state")
    if told.get("error") or not told.get("code"):
        raise ServiceRefused("no-code")
    service = _Service(settings)
    if told.get("iss", service.issuer) != service.issuer:
        raise ServiceRefused("issuer")
    try:
        with service.session(back) as session:
            token = session.fetch_token(
                str(service.metadata("token_endpoint")), code=told["code"], code_verifier=wish.verifier,
                grant_type="authorization_code",
            )  # fmt: skip
        claims = service.parse_id_token(token, nonce=wish.nonce, leeway=60)
    except outgoing.OutgoingFailed:
        raise ServiceRefused("away") from None
    except Exception as error:  # Whatever a foreign answer breaks over, nobody is signed in; its words stay outside.
        log.warning("answer-refused", exc_info=error)
        raise ServiceRefused("token") from None
    if claims is None:
        raise ServiceRefused("token")
    return _person(service, claims)


def _person(service: _Service, claims: Mapping[str, Any]) -> Person:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    subject = claims.get("sub")
    if service.client_id not in audiences or not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise ServiceRefused("token")
    # A service that says nothing is believed where a setting says so; one that says no, never.
    silent = claims.get("email_verified") is None and service.trusts_addresses
    verified = (silent or claims.get("email_verified") is True) and isinstance(claims.get("email"), str)
    email = str(claims["email"]).strip() if verified else ""
    return Person(service.issuer, subject, email, str(claims.get("name") or "")[:120])


class _Service(OpenIDMixin):
    """The glue between the library's checks of an answer and our way out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.client_id, self.issuer = settings.oidc_client_id, settings.oidc_issuer.rstrip("/")
        self.trusts_addresses = settings.oidc_unverified_email == "trust"
        self.server_metadata = self._discovered()

    def metadata(self, name: str) -> Any:
        """One fact that the service tells about itself."""
        found = self.server_metadata.get(name)
        if not found:
            raise ServiceRefused(f"no-{name.replace('_', '-')}")
        return found

    def session(self, back: str) -> AbstractContextManager[OAuth2Session]:
        """A session for asking, that reaches nothing inside but what the settings name."""
        made = OAuth2Session(
            client_id=self.client_id, client_secret=self._settings.oidc_client_secret or None, scope=SCOPE,
            redirect_uri=back, code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if self._settings.oidc_client_secret else "none",
        )  # fmt: skip
        return nullcontext(outgoing.guard(made, self._settings))

    def load_server_metadata(self) -> dict[str, Any]:
        """What discovery said; the library asks for it."""
        return self.server_metadata

    def _get_session(self) -> AbstractContextManager[_Plain]:
        return nullcontext(_Plain(outgoing.session(self._settings)))

    def _discovered(self) -> dict[str, Any]:
        try:
            told = outgoing.session(self._settings).get(f"{self.issuer}/.well-known/openid-configuration")
            told.raise_for_status()
            found = told.json()
        except (LogisticsError, requests.RequestException, ValueError) as error:
            raise ServiceRefused("away") from error
        if not isinstance(found, dict) or str(found.get("issuer") or "").rstrip("/") != self.issuer:
            raise ServiceRefused("issuer")
        self.issuer = str(found["issuer"])
        offered = found.get("id_token_signing_alg_values_supported") or ["RS256"]
        found["id_token_signing_alg_values_supported"] = [one for one in offered if one in ALGORITHMS] or ["RS256"]
        return found


class _Plain:
    """Asks for the service's keys without a token of anybody."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def request(self, method: str, url: str, **_facts: Any) -> requests.Response:
        """Ask."""
        return self._session.request(method, url)
