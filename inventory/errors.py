"""What inventory refuses, by name; codes never change and messages hold no personal data."""

from __future__ import annotations


class InventoryError(Exception):
    """Something inventory refuses; nothing was written."""

    code = "inventory-error"


class NotEnoughStock(InventoryError):
    """Fewer free pieces than asked; nothing was reserved."""

    code = "not-enough-stock"

    def __init__(self, sku: str, *, wanted: int, free: int, holder: str) -> None:
        self.sku, self.wanted, self.free, self.holder = sku, wanted, free, holder
        super().__init__(f"product {sku} at {holder}: {wanted} wanted, {free} free")


class NotHeld(InventoryError):
    """The holder does not have what should leave it; nothing was moved."""

    code = "not-held"

    def __init__(self, what: str, *, holder: str) -> None:
        self.what, self.holder = what, holder
        super().__init__(f"{what} is not held by {holder}")


class Promised(InventoryError):
    """The exact piece is promised to somebody else; nothing was moved."""

    code = "promised"

    def __init__(self, asset_tag: str, *, cause: str) -> None:
        self.asset_tag, self.cause = asset_tag, cause
        super().__init__(f"asset {asset_tag} is promised to {cause}")


class NeedsWiping(InventoryError):
    """A piece that may hold somebody's data cannot lie in free stock; nothing was changed."""

    code = "needs-wiping"

    def __init__(self, asset_tag: str, *, holder: str) -> None:
        self.asset_tag, self.holder = asset_tag, holder
        super().__init__(f"asset {asset_tag} is to be wiped before it lies at {holder}")


class UnknownRecord(InventoryError):
    """No such site, product, asset, employee or holder."""

    code = "unknown-record"

    def __init__(self, kind: str, key: str) -> None:
        self.kind, self.key = kind, key
        super().__init__(f"no {kind} {key}")


class AlreadyExists(InventoryError):
    """The number, tag or code is taken by another record."""

    code = "already-exists"

    def __init__(self, kind: str, key: str) -> None:
        self.kind, self.key = kind, key
        super().__init__(f"{kind} {key} already exists")


class Conflict(InventoryError):
    """The same fact was told before with other values; the books were left as they are."""

    code = "conflict"

    def __init__(self, key: str, *, told: str, recorded: str) -> None:
        self.key, self.told, self.recorded = key, told, recorded
        super().__init__(f"{key}: {told} now, {recorded} in the books")


class InvalidFact(InventoryError):
    """A value that cannot be true: a negative weight, an unknown tracking, an impossible coordinate."""

    code = "invalid-fact"

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(f"{field}: {problem}")
