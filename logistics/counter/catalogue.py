"""What there is to choose from: sites, products, vehicles."""

from __future__ import annotations

from sqlalchemy.orm import Session

from .. import desk, rights, scope, sites
from ..desk import ProductRow, VanRow
from ..sites import SiteCard
from ..viewer import Viewer


def my_sites(session: Session, viewer: Viewer) -> tuple[SiteCard, ...]:
    """The sites that the viewer works for, by code; no right is needed to know one's own."""
    return tuple(site for site in sites.all_sites(session) if scope.has_site(viewer, site.code))


def products(session: Session, viewer: Viewer) -> tuple[ProductRow, ...]:
    """The catalogue, by name.

    Raises:
        NotAllowed: not for this role.
    """
    rights.must(viewer, "catalogue.read")
    return desk.products(session)


def vans(session: Session, viewer: Viewer) -> tuple[VanRow, ...]:
    """The active vehicles of the viewer's sites, by code.

    Raises:
        NotAllowed: not for this role.
    """
    rights.must(viewer, "catalogue.read")
    return desk.vans(session, seen=scope.vans(viewer))
