"""An identity provider with sign-in and consent pages of its own (Canaille), as a process: `PORT` is its argument.

It prints `ready` when it answers. Nothing of it is ours but who may sign in: Cora, and the client that we are.
"""

from __future__ import annotations

import sys
import warnings
from datetime import UTC, datetime

from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "tournee", "a-secret-of-the-test"
LOGIN, PASSWORD, EMAIL = "cora.one", "correct horse battery 9", "cora@example.org"
BACK = "https://tournee.example/sign-in/service/return"


def main() -> None:
    """Answer until the process is ended."""
    warnings.simplefilter("ignore")
    from canaille import create_app
    from canaille.app import models
    from canaille.backends import Backend

    port = int(sys.argv[1])
    app = create_app(
        {
            "SECRET_KEY": "of-a-provider-that-lives-for-one-test", "SERVER_NAME": f"localhost:{port}",
            "PREFERRED_URL_SCHEME": "http", "CACHE_TYPE": "SimpleCache", "CANAILLE": {"DATABASE": "memory"},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)]},
        }
    )  # fmt: skip
    with app.app_context():
        books = Backend.instance
        books.save(
            models.User(
                user_name=LOGIN, password=PASSWORD, emails=[EMAIL], formatted_name="Cora One", family_name="One"
            )
        )
        client = models.Client(
            client_id=CLIENT, client_secret=SECRET, client_name="Tournée", client_id_issued_at=datetime.now(UTC),
            redirect_uris=[BACK], grant_types=["authorization_code"], response_types=["code"],
            scope=["openid", "email", "profile"], token_endpoint_auth_method="client_secret_basic",
        )  # fmt: skip
        books.save(client)
        client.audience = [client]
        books.save(client)
    server = make_server("127.0.0.1", port, app, threaded=True)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
