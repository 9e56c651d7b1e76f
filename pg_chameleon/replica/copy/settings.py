"""What a copy is asked to do, and what it reports at its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from pg_chameleon.config import Configuration, SourceConfiguration
from pg_chameleon.model.names import TableName
from pg_chameleon.model.status import SourceType
from pg_chameleon.postgres.connection import TargetSettings
from pg_chameleon.replica.settings import ReplicaSettings, replica_settings


class CopyKind(Enum):
    """The copies that there are, as the catalogue calls them."""

    INIT_REPLICA = "init_replica"
    REFRESH_SCHEMA = "refresh_schema"
    SYNC_TABLES = "sync_tables"
    COPY_SCHEMA = "copy_schema"


@dataclass(frozen=True, slots=True)
class CopySettings:
    """How a source is copied. ``spool_folder``: rows go through files there; None streams them.

    ``peer``: how the source is reached if it is a PostgreSQL; ``replica.source`` counts for nothing then.

    ``lock_timeout`` is in milliseconds, 0 for no limit; ``max_memory`` in bytes, for all workers together.
    """

    replica: ReplicaSettings
    workers: int = 2
    chunk_rows: int = 1_000_000
    max_memory: int = 300 * 1024**2
    spool_folder: Path | None = None
    lock_timeout: int = 120_000
    keep_existing: bool = False
    peer: TargetSettings | None = None


def copy_settings(configuration: Configuration, source: SourceConfiguration) -> CopySettings:
    """Translate the configuration of one source."""
    return CopySettings(
        replica=replica_settings(configuration, source),
        workers=source.copy_workers,
        chunk_rows=source.copy_chunk_rows,
        max_memory=source.copy_max_memory,
        spool_folder=source.out_dir if source.copy_mode == "file" else None,
        lock_timeout=source.lock_timeout,
        keep_existing=source.keep_existing_schema,
        peer=_peer(source) if source.type == SourceType.PGSQL else None,
    )


def _peer(source: SourceConfiguration) -> TargetSettings:
    wanted = source.db_conn
    return TargetSettings(
        host=wanted.host,
        port=wanted.port,
        user=wanted.user,
        password=wanted.password.reveal(),
        database=wanted.database,
        sslmode=None if wanted.ssl is None else "verify-full" if wanted.ssl.verify else "require",
        sslrootcert=None if wanted.ssl is None or wanted.ssl.ca is None else str(wanted.ssl.ca),
        connect_timeout=wanted.connect_timeout,
    )


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """What is to be copied. ``schema`` is for REFRESH_SCHEMA.

    ``tables`` are for SYNC_TABLES; None means all that are quarantined.
    """

    kind: CopyKind
    schema: str | None = None
    tables: tuple[TableName, ...] | None = None


@dataclass(frozen=True, slots=True)
class CopiedRows:
    """A table that was copied, and how many rows it has."""

    name: TableName
    rows: int


@dataclass(frozen=True, slots=True)
class CopyProblem:
    """A table with which something is wrong.

    ``quarantined``: it is not replicated until it is copied again. ``missing``: it did not reach the target.
    """

    name: TableName
    reason: str
    quarantined: bool
    missing: bool = False


@dataclass(frozen=True, slots=True)
class CopyReport:
    """How a copy ended. ``resumed``: when the copy began that this one resumed.

    ``interrupted``: it was stopped; the same command resumes it.
    """

    kind: CopyKind
    copied: tuple[CopiedRows, ...] = ()
    problems: tuple[CopyProblem, ...] = ()
    removed: tuple[TableName, ...] = ()
    bytes: int = 0
    seconds: float = 0.0
    resumed: datetime | None = None
    interrupted: bool = False

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(table.rows for table in self.copied)

    @property
    def complete(self) -> bool:
        """Tell whether every table that was asked for reached the target and can be replicated."""
        return not self.interrupted and not any(problem.quarantined or problem.missing for problem in self.problems)
