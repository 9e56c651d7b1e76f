"""Settings of a source without which a replica cannot follow its binlog, or not for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pg_chameleon.mysql.preflight.problem import Intent, Problem, error, warning
from pg_chameleon.mysql.server import SourceServer, rows_if_permitted

_SHORTEST_EXPIRY = 24 * 3600
_OLDEST_MYSQL, _OLDEST_MARIADB = (5, 6), (10, 0)
_END_OF_SERVER_IDS = 1 << 32


def _setting(server: SourceServer, name: str) -> str:
    return (server.variable(name) or "").upper()


def _version(server: SourceServer, _intent: Intent) -> Iterator[Problem]:
    oldest = _OLDEST_MARIADB if server.is_mariadb else _OLDEST_MYSQL
    if server.version.numbers < oldest:
        yield error(
            f"{server.version} is too old for a replica", f"{'.'.join(map(str, oldest))} is the oldest that works"
        )


def _binlog(server: SourceServer, _intent: Intent) -> Iterator[Problem]:
    if _setting(server, "log_bin") != "ON":
        yield error("the source writes no binlog", "Set log_bin, binlog_format=ROW and server_id, and restart it")
        return
    # Newer versions may come without the variable, when no other format is left
    binlog_format = _setting(server, "binlog_format")
    if binlog_format not in ("ROW", ""):
        yield error(
            f"binlog_format is {binlog_format}: the binlog has statements instead of rows",
            "SET GLOBAL binlog_format = 'ROW', in the server's configuration too, and reconnect its clients",
        )


def _row_image(server: SourceServer, _intent: Intent) -> Iterator[Problem]:
    image = _setting(server, "binlog_row_image")
    # FULL_NODUP omits from the image after what the one before has
    if image not in ("FULL", "FULL_NODUP", ""):
        text = f"binlog_row_image is {image}: rows come without the columns that did not change"
        if server.is_mariadb:
            text += ", and those of REPLACE without what goes back to its default, so that replicas differ"
        yield warning(text, "Set binlog_row_image = 'FULL'; docs/events.md names what cannot be followed otherwise")


def _expiry(server: SourceServer, _intent: Intent) -> Iterator[Problem]:
    seconds = float(server.variable("binlog_expire_logs_seconds") or 0)
    days = float(server.variable("expire_logs_days") or 0)
    expiry = seconds or days * 24 * 3600
    if 0 < expiry < _SHORTEST_EXPIRY:
        yield warning(
            f"the source removes its binlogs after {expiry / 3600:.1f} hours;"
            " a copy that takes longer, or a stopped replica, would lose its place",
            "Keep them for several days (binlog_expire_logs_seconds)",
        )


def _binlog_filters(server: SourceServer, intent: Intent) -> Iterator[Problem]:
    status = server.binlog_status_if_permitted()
    if status is None:
        return
    for schema in intent.schemas:
        if (status.included and schema not in status.included) or schema in status.excluded:
            yield error(
                f"binlog_do_db or binlog_ignore_db keeps the changes of schema {schema} out of the binlog",
                "Take the schema out of these settings and restart the source",
            )


def _server_ids(server: SourceServer, intent: Intent) -> Iterator[Problem]:
    if not 0 < intent.server_id < _END_OF_SERVER_IDS:
        yield error(f"my_server_id is {intent.server_id}", "Choose a number from 1 to 4294967295")
        return
    if intent.server_id == int(server.variable("server_id") or 0):
        yield error(
            f"my_server_id is {intent.server_id}, which is the server_id of the source itself",
            "Choose another my_server_id",
        )
    elif intent.server_id in _replica_ids(server):
        yield error(
            f"my_server_id is {intent.server_id}, which another replica of the source uses",
            "Choose another my_server_id",
        )


def _replica_ids(server: SourceServer) -> set[int]:
    statement = "SHOW REPLICAS" if server.version.mysql_since(8, 0, 22) else "SHOW SLAVE HOSTS"
    return {int(row[0]) for row in rows_if_permitted(server.connection, statement) or ()}


def _gtid(server: SourceServer, intent: Intent) -> Iterator[Problem]:
    if intent.use_gtid and not server.gtid_enabled():
        yield error(
            "gtid_enable is set, but the source has gtid_mode OFF",
            "Set gtid_mode and enforce_gtid_consistency to ON on the source, or gtid_enable to false",
        )


def _relayed_changes(server: SourceServer, _intent: Intent) -> Iterator[Problem]:
    """Warn of a source that is a replica itself: it logs what it receives only if it is configured to."""
    statement = "SHOW REPLICA STATUS" if server.version.mysql_since(8, 0, 22) else "SHOW SLAVE STATUS"
    is_replica = bool(rows_if_permitted(server.connection, statement))
    if is_replica and "ON" not in (_setting(server, "log_replica_updates"), _setting(server, "log_slave_updates")):
        yield error(
            "the source is a replica itself, and does not write what it receives into its binlog",
            "Set log_replica_updates (log_slave_updates) on it and restart it, or replicate from its source",
        )


SETTINGS_CHECKS: tuple[Callable[[SourceServer, Intent], Iterator[Problem]], ...] = (
    _version,
    _binlog,
    _row_image,
    _expiry,
    _binlog_filters,
    _server_ids,
    _gtid,
    _relayed_changes,
)
"""In the order in which their problems are reported."""
