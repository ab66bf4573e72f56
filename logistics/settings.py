"""What can be set, from the environment and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from .errors import InvalidRequest

CHECKOUT = Path(__file__).resolve().parent.parent
#: Settings that are one word of a few.
WORDS = {
    "second_factor": ("off", "optional", "staff"),
    "oidc_unverified_email": ("refuse", "trust"),
    "oidc_new_role": ("", "coordinator", "warehouse", "agent", "employee", "auditor"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the product. Each is read from `TOURNEE_` + its name in capitals."""

    #: Folder of everything the product keeps: database, regions, documents, logs, keys.
    home: Path
    #: `sqlite:///PATH` or `postgresql://USER@HOST/NAME`; by default a SQLite file under `home`.
    database_url: str = field(repr=False)
    #: Public address of the web app, used in QR codes; empty = the address of the request.
    base_url: str = ""
    #: Language of commands and documents where no person's language is known: `en` or `fr`.
    language: str = "en"
    #: Seconds a plan may take when no limit is given.
    time_limit_seconds: int = 10
    #: Minutes at every door to park, climb and sign, before the minutes of the products.
    visit_minutes: int = 10
    #: What leaving an order out costs the plan, in cents, by priority: standard, blocking, critical.
    price_standard_cents: int = 20_000
    price_blocking_cents: int = 60_000
    price_critical_cents: int = 200_000
    #: What an hour of a tour beyond the even share costs the plan, in cents; 0 lets tours be uneven.
    balance_cents_per_hour: int = 1_500
    #: Memory a solve may take, in MiB.
    solver_memory_mib: int = 4096
    #: Background work: `inside` runs it in the web process, `worker` leaves it to `tournee worker`.
    worker: str = "inside"
    #: Threads that answer requests, in each process that serves.
    web_threads: int = 16
    #: Processes that answer requests, under gunicorn; `tournee serve` has one.
    web_workers: int = 2
    #: Where gunicorn listens: `HOST:PORT`.
    bind: str = "127.0.0.1:8000"
    #: Bytes an uploaded file may have.
    upload_limit_bytes: int = 20_000_000
    #: Bytes the body of a call to the API may have, files apart.
    api_body_limit_bytes: int = 1_000_000
    #: Calls a token may make in a minute, counted by each process; 0 = as many as it likes.
    api_requests_per_minute: int = 600
    #: `auto` sends cookies over https only when the address of the app is https; `always` or `never` force it.
    secure_cookies: str = "auto"
    #: Secret that signs sessions and seals second factors, 32 random characters or more; empty = a file in the home.
    secret_key: str = field(default="", repr=False)
    #: Minutes without a request after which a sign-in ends, and hours after which it ends whatever happens.
    session_idle_minutes: int = 720
    session_hours: int = 168
    #: A second factor beside the password: `off`, `optional`, or `staff` (everybody but employees must have one).
    second_factor: str = "optional"
    #: Where mail is handed in, `mailtos://USER:PASSWORD@HOST?from=ADDRESS`; empty = none is sent.
    mail_url: str = field(default="", repr=False)
    #: The company's sign-in service (OpenID Connect): issuer, client and secret, the words on its button.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_name: str = ""
    #: Role of accounts made at a first sign-in by the service: `employee` or another; empty = none are made.
    oidc_new_role: str = ""
    #: Addresses of which the service does not say whether they were verified: `refuse`, or `trust` for one's own.
    oidc_unverified_email: str = "refuse"
    #: `json` or `text` lines in the log.
    log_format: str = "text"
    #: Hosts inside the house that may be asked all the same: `HOST`, `HOST:PORT`, `http://HOST:PORT`, between commas.
    internal_hosts: str = ""
    #: Addresses or networks of reverse proxies, between commas: what they alone say about who asks is believed.
    trusted_proxies: str = ""
    #: The word that lets `/metrics` be read from elsewhere than this machine, as a bearer token; empty: only from here.
    metrics_token: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; unset ones keep their defaults.

        Raises:
            InvalidRequest: a value that is not of its setting's type; names the variable.
        """
        found = os.environ if environment is None else environment
        home = Path(found.get("TOURNEE_HOME") or CHECKOUT / "var").expanduser().resolve()
        values: dict[str, object] = {
            "home": home,
            "database_url": found.get("TOURNEE_DATABASE_URL") or f"sqlite:///{home / 'tournee.db'}",
        }
        for one in fields(cls):
            name = f"TOURNEE_{one.name.upper()}"
            if one.name not in values and found.get(name):
                values[one.name] = _read(name, found[name], whole=one.type in (int, "int"))
        made = cls(**values)  # type: ignore[arg-type]
        for name, allowed in WORDS.items():
            if getattr(made, name) not in allowed:
                raise InvalidRequest(f"TOURNEE_{name.upper()}", f"is not one of {', '.join(filter(None, allowed))}")
        return made


def _read(name: str, value: str, *, whole: bool) -> str | int:
    if not whole:
        return value
    try:
        number = int(value)
    except ValueError:
        raise InvalidRequest(name, "is not a whole number") from None
    if number < 0:
        raise InvalidRequest(name, "is below zero")
    return number
