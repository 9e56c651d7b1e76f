"""The configuration is read with its defaults, and everything that is wrong in it is reported at once."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from pg_chameleon.config import (
    Configuration,
    PostgresSettings,
    Secret,
    SourceConfiguration,
    SourceConnection,
    TlsSettings,
)
from pg_chameleon.config.display import general_rows, source_rows
from pg_chameleon.config.keys import REQUIRED, Key, keys_of
from pg_chameleon.config.kinds import SECRET, parse_interval
from pg_chameleon.config.loader import load_file
from pg_chameleon.config.reference import SECTIONS, refreshed
from pg_chameleon.errors import ConfigurationError, UsageError
from pg_chameleon.model.change import RowKind
from pg_chameleon.model.choices import TypeOverride, ZeroDates
from pg_chameleon.model.names import TableName

ROOT = Path(__file__).resolve().parents[2]
ALL_KEYS = [(name, key) for section in SECTIONS.values() for name, key in section.items()]
PG_CONN = "pg_conn: {user: usr_replica, password: pg-word, database: db_replica}\n"
MINIMAL = f"""{PG_CONN}
sources:
  mysql:
    db_conn: {{user: usr_replica, password: my-word}}
    schema_mappings: {{sakila: sch_sakila}}
"""
Load = Callable[..., Configuration]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a configuration from its text, with further keys for its one source."""

    def load_text(text: str = MINIMAL, source: str = "") -> Configuration:
        path = tmp_path / "test.yml"
        path.touch(mode=0o600)
        path.write_text(text + textwrap.indent(textwrap.dedent(source), "    "), encoding="utf-8")
        return load_file(path)

    return load_text


def problems(load: Load, text: str = MINIMAL, source: str = "") -> tuple[str, ...]:
    """Return what is wrong with a configuration."""
    with pytest.raises(ConfigurationError) as caught:
        load(text, source)
    return caught.value.problems


def test_minimal_file_gets_every_default(load: Load) -> None:
    configuration = load()
    source = configuration.sources["mysql"]
    assert configuration.pid_dir == Path.home() / ".pg_chameleon" / "pid"
    assert (configuration.log_dest, configuration.log_level, configuration.log_days_keep) == (
        "file",
        "info",
        10,
    )
    assert configuration.pg_conn == PostgresSettings(
        user="usr_replica", password=Secret("pg-word"), database="db_replica"
    )
    assert source.db_conn == SourceConnection(user="usr_replica", password=Secret("my-word"), port=3306)
    assert source.batch_retention == timedelta(days=1)
    assert source.copy_max_memory == 300 * 1024**2
    assert source.lock_timeout == 120_000
    assert source.zero_dates is ZeroDates.NULL
    assert source.auto_maintenance is None
    assert source.table_filter.admits(TableName("sakila", "film"))
    assert not source.table_filter.admits(TableName("other", "film"))
    assert configuration.warnings == ()


def test_file_of_old_keeps_working(load: Load) -> None:
    configuration = load(
        """
        pid_dir: '~/.pg_chameleon/pid/'
        log_dest: file
        log_days_keep: "10"
        rollbar_key: ''
        rollbar_env: ''
        type_override:
          "tinyint(1)":
            override_to: boolean
            override_tables:
              - "*"
        pg_conn: {host: "target", port: "5432", user: "u", password: "p", database: "d", charset: "utf8"}
        fillfactor:
          "30": {tables: [sch_sakila.rental]}
        sources:
          mysql:
            db_conn:
              {host: "source", port: "3306", user: "u", password: "p", charset: 'utf8', connect_timeout: 10}
            schema_mappings:
                sakila: sch_sakila
            limit_tables:
            skip_tables:
              - sakila.staff
            grant_select_to:
              - usr_migration
            lock_timeout: "120s"
            my_server_id: 201801222
            replica_batch_size: 10000
            batch_retention: '1 day'
            copy_max_memory: "300M"
            copy_mode: 'file'
            out_dir: /tmp
            sleep_loop: 1
            on_error_replay: continue
            on_error_read: exit
            auto_maintenance: "disabled"
            gtid_enable: 'true'
            keep_existing_schema: Yes
            skip_events:
              insert: [sakila.film, other]
              update:
            type: mysql
        """
    )
    source = configuration.sources["mysql"]
    assert configuration.type_override == (TypeOverride("tinyint(1)", "boolean", frozenset("*")),)
    assert configuration.fillfactor == {TableName("sakila", "rental"): 30}
    assert source.limit_tables == frozenset()
    assert source.skip_tables == {TableName("sakila", "staff")}
    assert source.grant_select_to == ("usr_migration",)
    assert (source.my_server_id, source.copy_mode, source.sleep_loop) == (201801222, "file", 1.0)
    assert source.gtid_enable
    assert source.keep_existing_schema
    assert source.skip_events.skips(RowKind.INSERT, TableName("sakila", "film"))
    assert source.skip_events.skips(RowKind.INSERT, TableName("other", "anything"))
    assert not source.skip_events.skips(RowKind.DELETE, TableName("sakila", "film"))


def test_all_problems_of_a_structure_are_told_together(load: Load) -> None:
    text = """
        fillfactor: {'300': {tables: [a], table: b}}
        type_override: {int: {override_tables: [a], to: b}}
    """
    assert problems(load, f"{PG_CONN}{textwrap.dedent(text)}") == (
        "type_override.int.to: unknown key; known: override_tables, override_to",
        "type_override.int.override_to: expected a type of PostgreSQL",
        "type_override.int.override_tables[0]: expected schema.table, schema.table.column or *, got 'a'",
        "fillfactor.300.table: unknown key; did you mean tables?",
        "fillfactor.300: expected a number from 10 to 100, got '300'",
        "fillfactor.300.tables[0]: expected schema.table, got 'a'",
    )


def test_all_problems_are_told_together(load: Load) -> None:
    found = problems(
        load,
        source="""
            sleep_loop: fast
            sleep_lop: 1
            limit_tables: [sakila.film, staff]
            copy_mode: [file]
            replica_batch_size: 0
        """,
    )
    assert set(found) == {
        "sources.mysql.sleep_lop: unknown key; did you mean sleep_loop?",
        "sources.mysql.sleep_loop: expected a number, got 'fast'",
        "sources.mysql.limit_tables[1]: expected schema.table, got 'staff'",
        "sources.mysql.copy_mode: expected one of file, direct, got a list",
        "sources.mysql.replica_batch_size: expected a number of at least 1, got '0'",
    }


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("gtid_enable: maybe", "gtid_enable: expected Yes or No, got 'maybe'"),
        ("batch_retention: 1 dy", "batch_retention: expected an interval such as '1 day', got '1 dy'"),
        ("batch_retention: 0 days", "batch_retention: expected an interval such as '1 day', got '0 days'"),
        ("copy_max_memory: lots", "copy_max_memory: expected a size such as 300M, got 'lots'"),
        ("lock_timeout: 1 year", "lock_timeout: expected a time such as 120s, got '1 year'"),
        ("sleep_loop: nan", "sleep_loop: expected a number of seconds above 0, got 'nan'"),
        (
            "my_server_id: 4294967296",
            "my_server_id: expected a number from 1 to 4294967295, got '4294967296'",
        ),
        ("grant_select_to: {a: b}", "grant_select_to: expected a list, got a mapping"),
        ("skip_events: {insrt: [a]}", "skip_events.insrt: unknown key; did you mean insert?"),
        ("skip_events: {insert: [a, .b]}", "skip_events.insert[1]: expected schema.table, got '.b'"),
        ("out_dir: {a: b}", "out_dir: expected text, got a mapping"),
    ],
)
def test_problem_names_the_path_and_what_was_expected(load: Load, line: str, problem: str) -> None:
    assert problems(load, source=line) == (f"sources.mysql.{problem}",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("log_dayskeep: 1", "log_dayskeep: unknown key; did you mean log_days_keep?"),
        ("type_override: {int: {}}", "type_override.int.override_to: expected a type of PostgreSQL"),
        (
            "type_override: {int: {override_to: text, override_tables: [film]}}",
            "type_override.int.override_tables[0]: expected schema.table, schema.table.column or *, got 'film'",
        ),
        (
            "fillfactor: {'300': {tables: [a.b]}}",
            "fillfactor.300: expected a number from 10 to 100, got '300'",
        ),
        (
            "fillfactor: {'30': {tables: [a.b]}, '40': {tables: [a.b]}}",
            "fillfactor: a.b has two fill factors, 30 and 40",
        ),
        ("sources: [a]", "sources: expected a mapping"),
        ("sources: {a: 1}", "sources.a: expected a mapping"),
        ("log_level: loud", "log_level: expected one of debug, info, warning, error, critical, got 'loud'"),
    ],
)
def test_problem_of_a_global_key(load: Load, text: str, problem: str) -> None:
    assert problem in problems(load, f"{PG_CONN}{text}")


def test_connections_and_mappings_are_required(load: Load) -> None:
    assert problems(load, "sources: {mysql: {}}") == (
        "pg_conn.user: required, but missing",
        "pg_conn.database: required, but missing",
        "sources.mysql.schema_mappings: required, but missing",
        "sources.mysql.db_conn.user: required, but missing",
    )


def test_target_schema_mapped_twice_is_a_problem(load: Load) -> None:
    text = f"""{PG_CONN}
sources:
  one:
    db_conn: {{user: u}}
    schema_mappings: {{a: sch_a, b: sch_a}}
  two:
    db_conn: {{user: u}}
    schema_mappings: {{c: sch_a}}
"""
    first = "the target schema sch_a is already used by sources.one.schema_mappings.a"
    assert problems(load, text) == (
        f"sources.one.schema_mappings.b: {first}",
        f"sources.two.schema_mappings.c: {first}",
    )


@pytest.mark.parametrize("target", ["sch_chameleon", "pg_catalog", "information_schema", "x" * 64, "[a]", "''"])
def test_target_schema_that_cannot_be_is_a_problem(load: Load, target: str) -> None:
    (problem,) = problems(load, MINIMAL.replace("sch_sakila", target))
    assert problem.startswith("sources.mysql.schema_mappings.sakila: ")


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden"])
def test_source_name_must_do_as_file_name(load: Load, name: str) -> None:
    (problem,) = problems(load, MINIMAL.replace("  mysql:", f"  {name}:"))
    assert "part of file names" in problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [1", r"line 1, column \d+: .*expected ',' or ']'.*"),
        (
            "pg_conn:\n  user: x\n   password: geheim: y",
            r"line 3, column \d+: mapping values are not allowed here",
        ),
        ("a: \x01", "line 1: a character that YAML does not allow"),
        ("a: !!python/object:os.system {}", "line 1, column 4: .* must be quoted"),
        ("pg_conn:\n  password: !geheim", "line 2, column 13: .* must be quoted"),
        ("pg_conn:\n  password: *geheim", "line 2, column 13: .* must be quoted"),
        ("pg_conn: {{ geheim }}", "line 1, column 11: found unhashable key"),
        ("pid_dir: a\npid_dir: b", "line 2: pid_dir is given twice"),
        ("- a", "expected a mapping of keys to values"),
        ("", "the file is empty"),
    ],
)
def test_bad_yaml_is_told_with_its_place(load: Load, text: str, problem: str) -> None:
    (found,) = problems(load, text)
    assert re.fullmatch(problem, found)
    assert "geheim" not in found


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "latin.yml"
    path.write_bytes(b"pid_dir: caf\xe9")
    with pytest.raises(ConfigurationError, match="byte 12: the file is not UTF-8"):
        load_file(path)


def test_merge_keys_of_yaml_work(load: Load) -> None:
    text = f"""{PG_CONN}
sources:
  one: &one
    db_conn: {{user: u, host: first}}
    schema_mappings: {{a: sch_a}}
    sleep_loop: 3
  two:
    <<: *one
    db_conn: {{user: u, host: second}}
    schema_mappings: {{a: sch_b}}
"""
    two = load(text).sources["two"]
    assert (two.sleep_loop, two.db_conn.host, two.schema_mappings) == (3.0, "second", {"a": "sch_b"})


def test_blocks_named_x_hold_what_sources_share(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_WORD", raising=False)
    text = f"""{PG_CONN}
x-shared: &shared
  sleep_loop: 3
x-unused: "${{NO_SUCH_WORD}}"
sources:
  one:
    <<: *shared
    db_conn: {{user: u}}
    schema_mappings: {{a: sch_a}}
"""
    assert load(text).sources["one"].sleep_loop == 3.0


def test_blocks_named_x_stand_at_the_top_only(load: Load) -> None:
    (problem,) = problems(load, source="x-shared: {}")
    assert problem.startswith("sources.mysql.x-shared: unknown key; ")


@pytest.mark.parametrize("password", ["0123", "1e5", "yes", "a b#c", "pä$$word", "2024-01-01", "${", "'"])
def test_password_is_taken_as_it_is_written(load: Load, password: str) -> None:
    quoted = password.replace("'", "''")
    plain = "" if password in ("'",) else password
    for written in filter(None, (plain, f"'{quoted}'")):
        configuration = load(f"pg_conn:\n  user: u\n  database: d\n  password: {written}\n")
        assert configuration.pg_conn.password.reveal() == password


def test_password_comes_from_the_environment(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_WORD", "with ${DOLLAR} and 'quotes'")
    configuration = load(MINIMAL.replace("my-word", '"${SOURCE_WORD}"'))
    assert configuration.sources["mysql"].db_conn.password.reveal() == "with ${DOLLAR} and 'quotes'"


def test_missing_variable_is_a_problem(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_WORD", raising=False)
    text = MINIMAL.replace("my-word", '"${NO_SUCH_WORD}"')
    assert problems(load, text) == ("sources.mysql.db_conn.password: the environment variable NO_SUCH_WORD is not set",)


def test_doubled_dollar_stands_for_itself(load: Load) -> None:
    configuration = load(MINIMAL.replace("my-word", '"a$${NAME}"'))
    assert configuration.sources["mysql"].db_conn.password.reveal() == "a${NAME}"


def test_password_comes_from_a_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("from file \nsecond line\n")
    configuration = load(MINIMAL.replace("password: pg-word", f"password_file: {tmp_path}/word"))
    assert configuration.pg_conn.password.reveal() == "from file "


def test_password_file_that_is_not_utf8_is_a_problem(load: Load, tmp_path: Path) -> None:
    (tmp_path / "word").write_bytes(b"caf\xe9")
    found = problems(load, MINIMAL.replace("password: pg-word", f"password_file: {tmp_path}/word"))
    assert found == (f"pg_conn.password_file: {tmp_path}/word is not UTF-8",)


def test_password_and_password_file_contradict(load: Load, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("x")
    text = MINIMAL.replace("user: usr_replica, password: pg", f"user: u, password_file: {tmp_path}/word, password: pg")
    assert problems(load, text) == ("pg_conn.password_file: password is given as well; use one of the two",)
    assert problems(load, MINIMAL.replace("password: pg-word", "password_file: /none")) == (
        "pg_conn.password_file: there is no file /none",
    )


def test_tls_settings(load: Load, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    ssl = f"{{ca: {tmp_path}/ca.pem, verify: no}}"
    configuration = load(MINIMAL.replace("my-word", f"my-word, ssl: {ssl}"))
    assert configuration.sources["mysql"].db_conn.ssl == TlsSettings(ca=tmp_path / "ca.pem", verify=False)
    assert ("db_conn.ssl.verify", "No") in source_rows(configuration.sources["mysql"])
    assert problems(load, MINIMAL.replace("my-word", f"my-word, ssl: {{key: {tmp_path}/ca.pem}}")) == (
        "sources.mysql.db_conn.ssl.key: cert, to which it belongs, is missing",
    )


def test_secrets_never_show(load: Load) -> None:
    configuration = load(f"rollbar_key: roll-word\n{MINIMAL}")
    rows = [*general_rows(configuration), *source_rows(configuration.sources["mysql"])]
    shown = f"{configuration!r} {configuration} {rows} {configuration.pg_conn.password}"
    assert not re.search("(pg|my|roll)-word", shown)
    assert ("pg_conn.password", "********") in rows
    assert ("rollbar_env", "") in rows


def test_file_that_others_can_read_is_warned_about(load: Load) -> None:
    path = load().path
    path.chmod(0o644)
    (warning,) = load_file(path).warnings
    assert "is readable by others (mode 0644)" in warning


def test_tables_of_schemas_that_are_not_mapped_are_warned_about(load: Load) -> None:
    configuration = load(f"fillfactor: {{'30': {{tables: [other.x]}}}}\n{MINIMAL}", "limit_tables: [sakla.film]")
    assert configuration.warnings == (
        "fillfactor: other.x has no effect, as its schema is not in schema_mappings",
        "sources.mysql.limit_tables: sakla.film has no effect, as its schema is not in schema_mappings",
    )


def test_server_id_used_twice_is_warned_about(load: Load) -> None:
    text = f"""{PG_CONN}
sources:
  one: {{db_conn: {{user: u}}, schema_mappings: {{a: sch_a}}, my_server_id: 5}}
  two: {{db_conn: {{user: u}}, schema_mappings: {{b: sch_b}}, my_server_id: 5}}
"""
    (warning,) = load(text).warnings
    assert warning.startswith("sources.two.my_server_id: one reads the same server")


def test_automatic_server_ids_stay_and_differ(load: Load) -> None:
    text = f"""{PG_CONN}
sources:
  one: {{db_conn: {{user: u}}, schema_mappings: {{a: sch_a}}}}
  two: {{db_conn: {{user: u}}, schema_mappings: {{b: sch_b}}}}
"""
    numbers = [source.my_server_id for source in load(text).sources.values()]
    assert numbers == [source.my_server_id for source in load(text).sources.values()]
    assert len(set(numbers)) == 2
    assert all(0 < number < 2**32 for number in numbers)


def test_pgsql_source_needs_a_database_and_has_its_own_port(load: Load) -> None:
    assert problems(load, source="type: pgsql") == ("sources.mysql.db_conn.database: required with type pgsql",)
    source = load(MINIMAL.replace("my-word", "my-word, database: db"), "type: pgsql").sources["mysql"]
    assert (source.db_conn.database, source.db_conn.port) == ("db", 5432)


def test_names_of_target_tables_do_as_well(load: Load) -> None:
    override = "type_override: {int: {override_to: text, override_tables: [sch_sakila.film, sakila.staff.id]}}"
    configuration = load(f"{override}\n{MINIMAL}")
    assert configuration.type_override[0].tables == {"sakila.film", "sakila.staff.id"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1 day", 86400),
        ("12 hours", 43200),
        ("30 minutes", 1800),
        ("1 day 02:30", 95400),
        ("1 week, 1 s", 604801),
        ("0.5h", 1800),
        ("01:00:01", 3601),
        ("2 months", 5184000),
    ],
)
def test_intervals_as_postgresql_has_them(text: str, seconds: int) -> None:
    assert parse_interval(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["day", "1", "1 day x", "-1 day", "1:99"])
def test_what_is_no_interval(text: str) -> None:
    with pytest.raises(ValueError, match="not an interval"):
        parse_interval(text)


@pytest.mark.parametrize("key", [pytest.param(key, id=name) for name, key in ALL_KEYS if key.default is not None])
def test_shown_values_read_back(key: Key) -> None:
    if key.default is REQUIRED or isinstance(key.default, (dict, list)) or key.kind is SECRET:
        return
    value = key.read(None)
    assert key.kind.read(key.kind.show(value)) == value


def test_reference_page_is_that_of_the_keys() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert refreshed(page) == page, "run python -m pg_chameleon.config.reference docs/configuration.md"
    assert all(f"| `{name}` |" in page for name, _ in ALL_KEYS)


def test_example_is_usable_and_shows_every_key() -> None:
    path = ROOT / "configuration" / "config-example.yml"
    text = path.read_text(encoding="utf-8")
    configuration = load_file(path)
    assert configuration.sources["mysql"].schema_mappings == {"my_schema": "target_schema"}
    hidden = {"charset", "database", "cert", "key"}
    assert [name for name, _ in ALL_KEYS if f"{name}:" not in text and name not in hidden] == []


def test_example_agrees_with_the_defaults() -> None:
    source = load_file(ROOT / "configuration" / "config-example.yml").sources["mysql"]
    chosen = {"schema_mappings", "my_server_id"}
    for name, key in keys_of(SourceConfiguration).items():
        if name not in chosen:
            assert getattr(source, name) == key.read(None), name


def test_unreadable_configuration_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        load_file(tmp_path)


def test_processes_of_a_replica_need_no_yaml() -> None:
    code = "import sys, pg_chameleon.replica.worker; print({'yaml', 'pydantic'} & sys.modules.keys())"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


@pytest.mark.parametrize("text", ["x: &a [*a]\n", "x: " + "[" * 3000], ids=["itself", "deep"])
def test_what_is_nested_without_end_is_a_problem_of_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "deep.yml").write_text(text)
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        load_file(tmp_path / "deep.yml")
