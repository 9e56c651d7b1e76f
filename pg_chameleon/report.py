"""All that commands print: lines, tables and questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from tabulate import tabulate

from pg_chameleon.config import Configuration
from pg_chameleon.config.display import general_rows, source_rows
from pg_chameleon.errors import ChameleonError
from pg_chameleon.model.overview import (
    Counters,
    ErrorDetail,
    ErrorRow,
    SourceDetails,
    SourceOverview,
    Status,
)
from pg_chameleon.terminal import one_line, several_lines

_NOT_AVAILABLE = "N/A"


def say(text: str) -> None:
    """Print a text, of one line or several."""
    print(several_lines(text))


def say_all(lines: Iterable[str]) -> None:
    """Print lines as they come."""
    for line in lines:
        print(one_line(line), flush=True)


def show_status(status: Status, pasteable: Callable[[str], str] = str) -> None:
    """Print the table of sources, and below it the details of one.

    ``pasteable`` completes the commands that a text advises.
    """
    headers = (
        "Source id",
        "Source name",
        "Type",
        "Status",
        "Consistent",
        "Read lag",
        "Last read",
        "Replay lag",
        "Last replay",
    )
    print(_table(headers, map(_source_row, status.sources), right_aligned=1))
    say_all(pasteable(f"{source.name}: {source.reason}") for source in status.sources if source.reason)
    if status.details is not None:
        _show_details(status.sources[0].name, status.details, pasteable)


def _source_row(source: SourceOverview) -> tuple[object, ...]:
    return (
        source.source_id,
        source.name,
        source.type,
        source.status,
        "Yes" if source.consistent else "No",
        lag_text(source.read_lag),
        _time(source.last_read),
        lag_text(source.replay_lag),
        _time(source.last_replay),
    )


def _show_details(source: str, details: SourceDetails, pasteable: Callable[[str], str]) -> None:
    print("\n== Schema mappings ==")
    print(_table(("Origin schema", "Destination schema"), details.mappings))
    print("\n== Replica status ==")
    print(tabulate(_counter_rows(details.counters), disable_numparse=True, colalign=("left", "right")))
    _show_part(
        "Quarantined tables",
        ("Table", "State", "Reason", "Position"),
        [(*problem[:3], problem.position or "") for problem in details.problems],
        pasteable(f"Copy them again with chameleon sync_tables --source {source} --tables disabled"),
    )
    _show_part(
        "Tables without a key",
        ("Table",),
        [(name,) for name in details.keyless],
        "Their rows are found by all their columns, which is slow; a primary key in the source helps.",
    )
    _show_part(
        "Names changed",
        ("Table", "Column", "Name on the target"),
        [(row.table, row.column or "", row.target) for row in details.renamed],
    )
    _show_part("Omitted", ("Table", "What and why"), details.left_out or ())
    if details.left_out is None:
        say(
            pasteable(
                f"What the target omits is not known yet; chameleon start_replica --source {source} asks the source."
            )
        )
    _show_part(
        "Values changed",
        ("Table", "Column", "Reason", "Occurrences", "Last key"),
        [(*change[:4], change.last_key or "") for change in details.value_changes],
        pasteable(f"docs/types.md has the rules; chameleon show_status --source {source} --full lists the values."),
    )
    _show_part(
        "Each value changed",
        ("Table", "Key", "Column", "Reason", "Value of the source", "Position"),
        [(*value[:5], value.position or "copy") for value in details.changed_values],
    )


def _show_part(title: str, headers: Sequence[str], rows: Sequence[Sequence[object]], advice: str = "") -> None:
    """Print a part of the status, unless there is nothing to show."""
    if rows:
        print(f"\n== {title} ==\n{_table(headers, rows)}")
        if advice:
            say(advice)


def _counter_rows(counters: Counters) -> list[tuple[str, str]]:
    return [
        ("Tables not replicated", str(counters.tables_not_replicated)),
        ("Tables replicated", str(counters.tables_replicated)),
        ("All tables", str(counters.all_tables)),
        ("Last maintenance", _time(counters.last_maintenance) or _NOT_AVAILABLE),
        ("Next maintenance", _time(counters.next_maintenance) or _NOT_AVAILABLE),
        ("Replayed rows", _number(counters.replayed_rows)),
        ("Replayed DDL", _number(counters.replayed_ddl)),
        ("Skipped rows", _number(counters.skipped_rows)),
    ]


def show_errors(errors: Sequence[ErrorRow]) -> None:
    """Print the list of errors, the first line of each."""
    if not errors:
        print("There are no errors in the log.")
        return
    headers = ("Log id", "Source name", "Table", "Error time", "Error")
    rows = [
        (error.log_id, error.source, error.table or "", _time(error.time), error.reason.partition("\n")[0])
        for error in errors
    ]
    print(_table(headers, rows, right_aligned=1))


def show_error(error: ErrorDetail) -> None:
    """Print one error whole."""
    rows = [
        ("Log id", str(error.log_id)),
        ("Source name", error.source),
        ("Table", error.table),
        ("Error time", _time(error.time)),
        ("Position", error.position),
        ("Row", error.row),
        ("Statement", error.statement),
        ("Error", error.reason),
    ]
    shown = [(name, several_lines(value)) for name, value in rows if value]
    print(tabulate(shown, disable_numparse=True, tablefmt="plain"))


def show_configuration(configuration: Configuration) -> None:
    """Print the whole configuration, without its secrets."""
    print(f"== Configuration {configuration.name} ({configuration.path}) ==")
    print(_table(("Key", "Value"), general_rows(configuration)))
    for source in configuration.sources.values():
        print(f"\n== Source {source.name} ==")
        print(_table(("Key", "Value"), source_rows(source)))


def show_sources(configuration: Configuration) -> None:
    """Print the sources of the configuration."""
    rows = [
        (
            source.name,
            source.type,
            source.db_conn.host,
            source.db_conn.port,
            source.db_conn.user,
            ", ".join(f"{origin}: {target}" for origin, target in source.schema_mappings.items()),
        )
        for source in configuration.sources.values()
    ]
    print(_table(("Source name", "Type", "Host", "Port", "User", "Schema mappings"), rows))


def confirm(consequence: str, *, yes: bool, advice: str = "Answer YES in capitals, or add --yes") -> None:
    """Ask whether the user is sure; raise ``ChameleonError`` unless the answer is YES.

    ``yes``: the command line said so. ``advice``: what to do otherwise.
    """
    say(consequence)
    if yes:
        return
    print(" Are you sure? YES/No")
    try:
        answer = input().strip()
    except EOFError:
        answer = ""
    if answer != "YES":
        raise ChameleonError("not confirmed, so nothing was changed", advice=advice)


def lag_text(seconds: float | None) -> str:
    """Write a lag in its two largest units: ``0.3 s``, ``2 m 10 s``, ``1 h 5 m``, ``2 d 3 h``."""
    if seconds is None:
        return _NOT_AVAILABLE
    tenths = round(max(0.0, seconds), 1)
    if tenths < 60:
        return f"{tenths:.1f} s" if tenths < 10 else f"{tenths:.0f} s"
    whole = round(tenths)
    for unit, length, smaller, smaller_length in (
        ("d", 86400, "h", 3600),
        ("h", 3600, "m", 60),
        ("m", 60, "s", 1),
    ):
        if whole >= length:
            return f"{whole // length} {unit} {whole % length // smaller_length} {smaller}"
    return f"{whole} s"


def _time(moment: datetime | None) -> str:
    if moment is None:
        return ""
    local = moment if moment.tzinfo is None else moment.astimezone()
    return local.strftime("%Y-%m-%d %H:%M:%S")


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


def _table(headers: Sequence[str], rows: Iterable[Sequence[object]], right_aligned: int = 0) -> str:
    """Lay out a table; a name that looks like a number, such as 1e5, stays as it is."""
    cells = [[one_line(str(cell)) for cell in row] for row in rows]
    align = ["right"] * right_aligned + ["left"] * (len(headers) - right_aligned)
    return tabulate(cells, headers=headers, disable_numparse=True, colalign=align if cells else None)
