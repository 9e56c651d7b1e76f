"""The storage engines whose tables hold what row events put into them, and nothing else.

A table of BLACKHOLE forgets its rows, those of MERGE, FEDERATED, CONNECT and others are of other tables or servers.
"""

from __future__ import annotations

from pg_chameleon.ddl.syntax.errors import UntoldStructure

_PLAIN = frozenset(("innodb", "myisam", "aria", "memory", "rocksdb", "tokudb", "csv", "archive", "ndb", "ndbcluster"))


def refuse_hidden_rows(engine: str) -> None:
    """Raise ``UntoldStructure`` for the other engines: the source may have put another one in its place."""
    if engine.lower() not in _PLAIN:
        raise UntoldStructure(f"tables of the engine {engine} may hold rows that are not in the binlog")
