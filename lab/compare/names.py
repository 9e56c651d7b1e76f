"""Which name on the target stands for a name of the source."""

import hashlib
from collections.abc import Collection

MAX_BYTES = 63
HASH_DIGITS = 8
# PostgreSQL has these columns in every table.
SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})


def on_target(name: str, reserved: Collection[str] = ()) -> str:
    """Return the name itself, or, if it is reserved or too long, its beginning with a hash of it."""
    if len(name.encode()) <= MAX_BYTES and name not in reserved:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:HASH_DIGITS]
    kept = name.encode()[: MAX_BYTES - HASH_DIGITS - 1].decode(errors="ignore")
    return f"{kept}_{digest}"


def column_on_target(name: str) -> str:
    return on_target(name, SYSTEM_COLUMNS)
