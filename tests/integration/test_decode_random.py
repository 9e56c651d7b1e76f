"""Random tables and rows, written by a real server, are decoded as SELECT says."""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lab.servers import SourceServer
from pg_chameleon.model.change import RowKind
from tests.conftest import FreshSchema
from tests.integration.stream_support import decoded_rows, events_of, execute_all, structure_of
from tests.integration.test_decode_types import Case, select_rows, usable_cases

ROWS = 12


@st.composite
def columns(draw: st.DrawFn, cases: list[Case]) -> list[tuple[Case, bool]]:
    """Some columns, each of which may hold NULL or not."""
    chosen = draw(st.lists(st.sampled_from(cases), min_size=1, max_size=20))
    return [(case, draw(st.booleans())) for case in chosen]


def _insert(draw: st.DrawFn, chosen: list[tuple[Case, bool]], number: int) -> str:
    values = [draw(st.sampled_from([*case.values, *["null"] * (3 if nullable else 0)])) for case, nullable in chosen]
    return f"insert into r values ({', '.join([str(number), *values])})"


def test_random_rows_are_what_select_says(source_server: SourceServer, fresh_schema: FreshSchema) -> None:
    schema = fresh_schema(source_server)
    cases = [case for case in usable_cases(source_server) if "repeat" not in case.values[-1]]

    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        chosen = data.draw(columns(cases))
        draw = data.draw
        definitions = ", ".join(
            f"c{number} {case.column_type.replace(' null', '')} {'null' if nullable else 'not null'}"
            for number, (case, nullable) in enumerate(chosen)
        )
        inserts = [_insert(draw, chosen, number) for number in range(ROWS)]  # type: ignore[arg-type]
        table = ["drop table if exists r", f"create table r (id int primary key, {definitions}) row_format=dynamic"]
        execute_all(source_server, schema, table)
        structure = structure_of(source_server, schema, "r")
        events = events_of(source_server, lambda: execute_all(source_server, schema, [*inserts, "delete from r"]))
        decoded = decoded_rows(events, structure)
        inserted = [row for rows in decoded if rows.kind is RowKind.INSERT for row in rows.rows]
        deleted = [row for rows in decoded if rows.kind is RowKind.DELETE for row in rows.rows]
        assert inserted == deleted
        execute_all(source_server, schema, inserts)
        assert list(map(repr, inserted)) == list(map(repr, select_rows(source_server, structure)))

    check()
