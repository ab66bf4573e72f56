"""`tournee certificate`: https in one's own network, so that a phone can be tried."""

from __future__ import annotations

import argparse
import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .console import PORT, Refused, say, say_json

if TYPE_CHECKING:
    from ..certificates import Made
    from ..settings import Settings


def add(commands: Any) -> None:
    """Declare the commands."""
    certificate = commands.add_parser(
        "certificate",
        help="make a certificate to try phones in your own network",
        description="Make a local authority and a certificate for this machine, so that phones in the same network can "
        "use the pages over https. Nothing that is there is overwritten.",
    )
    certificate.add_argument(
        "--host", action="append", default=[], metavar="NAME_OR_ADDRESS",
        help="how the machine is reached, may be given several times; default: all it goes by",
    )  # fmt: skip
    certificate.add_argument("--out", type=Path, metavar="DIR", help="default: certificates in TOURNEE_HOME")
    certificate.add_argument("--port", type=PORT, default=8000, metavar="N", help="for the printed address (8000)")
    certificate.add_argument("--json", action="store_true", help="the result as JSON")
    certificate.set_defaults(run=run_certificate)


def run_certificate(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make the files and say what to do with them."""
    from datetime import UTC, datetime

    from .. import certificates
    from ..errors import AlreadyExists
    from ..wiring import prepare_home

    folder = arguments.out
    if folder is None:
        prepare_home(settings.home)
        folder = settings.home / "certificates"
    try:
        made = certificates.make(folder, arguments.host or certificates.own_names(), now=datetime.now(UTC))
    except AlreadyExists as error:
        raise Refused(f"{error.key} is there already", next_step="Move it away, or choose another --out.") from error
    except OSError as error:
        raise Refused(f"{folder} cannot be written ({error.strerror})", next_step="Choose another --out.") from error
    address = f"https://{_for_a_phone(made.hosts)}:{arguments.port}/"
    if arguments.json:
        say_json({
            "authority": str(made.authority), "certificate": str(made.chain), "key": str(made.key),
            "hosts": list(made.hosts), "fingerprint_sha256": made.fingerprint, "ends_at": made.ends_at,
            "address": address,
        })  # fmt: skip
        return 0
    _tell(made, address, arguments.port)
    return 0


def _tell(made: Made, address: str, port: int) -> None:
    import io

    import segno

    say(f"{made.chain} is good for {', '.join(made.hosts)} until {made.ends_at:%Y-%m-%d}.")
    say()
    say("1. Serve:")
    say(f"   tournee serve --host 0.0.0.0 --port {port} --tls-cert {made.chain} --tls-key {made.key}")
    say(f"2. Bring {made.authority} to the phone (cable, own mail, or --redirect-port: see docs/how-to/phone.md),")
    say("   install it as a certificate authority, and compare the SHA-256 fingerprint:")
    for at in range(0, len(made.fingerprint), 48):
        say(f"   {made.fingerprint[at : at + 48].rstrip(':')}")
    say("   iPhone: Settings, General, VPN & Device Management; then About, Certificate Trust Settings.")
    say("   Android: Settings, Security, Encryption & credentials, Install a certificate, CA certificate.")
    say("   Firefox keeps its own list: Settings, Privacy & Security, Certificates.")
    say(f"3. Open {address} on the phone:")
    picture = io.StringIO()
    # `make_qr`: the smaller kind that `make` may choose is not read by phones.
    segno.make_qr(address).terminal(out=picture, compact=True)
    say(picture.getvalue())
    say("Take the authority off the phone when you are done. Its key was thrown away: it can vouch for nothing else.")


def _for_a_phone(hosts: tuple[str, ...]) -> str:
    """The first of the hosts that another machine could reach, as it stands in an address."""
    for host in hosts:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            if host != "localhost":
                return host
            continue
        if not address.is_loopback:
            return f"[{host}]" if address.version == 6 else host
    return hosts[0]
