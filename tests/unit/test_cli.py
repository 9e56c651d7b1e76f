"""The command line: commands, options, help, and the exit status of every outcome."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pg_chameleon import __version__
from pg_chameleon.cli import main
from pg_chameleon.cli.arguments import COMMANDS, OPTIONS, make_parsers
from pg_chameleon.context import Context, Options
from pg_chameleon.errors import ChameleonError, SourceError, UsageError
from pg_chameleon.model.names import TableName

ROOT = Path(__file__).resolve().parents[2]
KNOWN_COMMANDS = [
    "set_configuration_files",
    "show_config",
    "show_sources",
    "create_replica_schema",
    "drop_replica_schema",
    "upgrade_replica_schema",
    "add_source",
    "drop_source",
    "init_replica",
    "copy_schema",
    "refresh_schema",
    "sync_tables",
    "start_replica",
    "stop_replica",
    "stop_all_replicas",
    "enable_replica",
    "update_schema_mappings",
    "show_status",
    "show_errors",
    "run_maintenance",
    "detach_replica",
]
CONFIGURATION = """
pg_conn: {user: usr_replica, password: pg-word, database: db_replica}
sources:
  mysql:
    db_conn: {user: usr_replica, password: my-word}
    schema_mappings: {sakila: sch_sakila, other: sch_other}
"""


class Commands:
    """Stands for the modules of commands: notes the calls, and does what a test wants."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.calls: list[tuple[str, Context | None]] = []
        self.outcome: Callable[[], None] = lambda: None

    def module(self) -> ModuleType:
        module = ModuleType("pg_chameleon.commands.any")
        for name in KNOWN_COMMANDS:
            setattr(module, name, self._function(name))
        return module

    def _function(self, name: str) -> Callable[..., None]:
        def command(context: Context | None = None) -> None:
            self.calls.append((name, context))
            self.outcome()

        command.__doc__ = f"Do {name}.\n\n    And more.\n    "
        return command

    def log(self, name: str) -> Path:
        """The log file of a source, or the general one."""
        return self.home / ".pg_chameleon" / "logs" / f"default_{name}.log"

    @property
    def context(self) -> Context:
        """The context of the only call."""
        ((_, context),) = self.calls
        assert context is not None
        return context


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """A home with a configuration, and commands that only note their calls."""
    folder = tmp_path / ".pg_chameleon" / "configuration"
    folder.mkdir(parents=True)
    for name in ("default", "migration"):
        path = folder / f"{name}.yml"
        path.touch(mode=0o600)
        path.write_text(CONFIGURATION)
    monkeypatch.setenv("HOME", str(tmp_path))
    commands = Commands(tmp_path)
    module = commands.module()
    for theme in {command.theme for command in COMMANDS.values()}:
        monkeypatch.setitem(sys.modules, f"pg_chameleon.commands.{theme}", module)
    return commands


@pytest.fixture(autouse=True)
def _root_level() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


def test_commands_are_those_that_users_know() -> None:
    assert sorted(COMMANDS) == sorted(KNOWN_COMMANDS)


@pytest.mark.parametrize("name", KNOWN_COMMANDS)
def test_every_command_runs_and_ends_with_success(commands: Commands, name: str) -> None:
    values = {"source": "mysql", "schema": "sakila", "tables": "sakila.film"}
    options = [part for need in COMMANDS[name].needs for part in (f"--{need}", values[need])]
    assert main([name, *options]) == 0
    ((called, context),) = commands.calls
    assert called == name
    assert (context is None) == (name == "set_configuration_files")


@pytest.mark.parametrize("name", [name for name in KNOWN_COMMANDS if COMMANDS[name].needs])
def test_needed_options_are_asked_for(commands: Commands, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main([name]) == 2
    flags = " and ".join(f"--{need} {OPTIONS[need].value}" for need in COMMANDS[name].needs)
    assert capsys.readouterr().err == f"error: {name} needs {flags}. See chameleon {name} --help\n"
    assert commands.calls == []


@pytest.mark.parametrize(
    "argv",
    [
        "--config migration --source mysql --debug init_replica",
        "init_replica --config migration --source mysql --debug",
        "--config migration init_replica --source=mysql --debug",
    ],
)
def test_options_stand_before_or_after_the_command(commands: Commands, argv: str) -> None:
    assert main(argv.split()) == 0
    assert commands.context.options == Options(config="migration", source="mysql", debug=True)
    assert commands.context.configuration.name == "migration"


@pytest.mark.parametrize(
    ("argv", "options"),
    [
        (
            "show_status --config migration --source mysql --tables sakila.a --full --debug --rollbar-level info",
            Options("migration", "mysql", tables="sakila.a", full=True, debug=True, rollbar_level="info"),
        ),
        ("refresh_schema --source mysql --schema sakila", Options(source="mysql", schema="sakila")),
        ("show_errors --logid 7", Options(logid=7)),
        ("detach_replica --source mysql --yes", Options(source="mysql", yes=True)),
    ],
)
def test_all_options_arrive(commands: Commands, argv: str, options: Options) -> None:
    assert main(argv.split()) == 0
    assert commands.context.options == options


@pytest.mark.parametrize("name", KNOWN_COMMANDS)
@pytest.mark.parametrize("before", [True, False])
def test_options_of_other_commands_are_refused(
    commands: Commands, capsys: pytest.CaptureFixture[str], name: str, before: bool
) -> None:
    values = {"config": "default", "source": "mysql", "schema": "sakila", "tables": "sakila.film", "logid": "1"}
    for option in OPTIONS.values():
        if option.name in COMMANDS[name].options:
            continue
        given = [option.flag, *([] if option.value is None else [values.get(option.name, "error")])]
        assert main([*given, name] if before else [name, *given]) == 2
        expected = f"error: {name} does not take {option.flag}. See chameleon {name} --help\n"
        assert capsys.readouterr().err == expected
    assert commands.calls == []


def test_misspelt_option_names_the_nearest(commands: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init_replica", "--soruce=mysql"]) == 2
    assert capsys.readouterr().err == "error: init_replica does not take --soruce; did you mean --source?\n"


def test_misspelt_command_names_the_nearest(commands: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init_replca"]) == 2
    assert capsys.readouterr().err == "error: there is no command init_replca; did you mean init_replica?\n"


def test_a_value_of_the_wrong_kind_is_told_with_the_help_to_read(
    commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show_errors", "--logid", "x"]) == 2
    err = capsys.readouterr().err
    assert "expected a number, got 'x'" in err
    assert "See chameleon show_errors --help" in err


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["--bogus"],
        ["show_status", "extra"],
        ["show_errors", "--logid", "x"],
        ["show_status", "--rollbar-level", "loud"],
        ["init_replica", "--source"],
        ["show_status", "--config", "missing"],
        ["show_status", "--config", "../default"],
        ["show_status", "--source", "mysl"],
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    commands: Commands, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"error: .+\n", err)
    assert commands.calls == []


def test_bad_configuration_is_status_2(commands: Commands, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / ".pg_chameleon" / "configuration" / "default.yml").write_text("log_levl: info")
    assert main(["show_status"]) == 2
    assert "log_levl: unknown key; did you mean log_level?" in capsys.readouterr().err


def test_bad_configuration_does_not_hinder_set_configuration_files(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / ".pg_chameleon" / "configuration" / "default.yml").write_text("log_levl: info")
    assert main(["set_configuration_files"]) == 0


def failing(error: BaseException) -> Callable[[], None]:
    """Make a command that raises."""

    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (
            SourceError("it said no", table=TableName("a", "b"), advice="Ask again"),
            1,
            "error: it said no (table a.b). Ask again",
        ),
        (ChameleonError("not now"), 1, "error: not now"),
        (UsageError("no such thing"), 2, "error: no such thing"),
        (KeyboardInterrupt(), 130, "error: interrupted"),
        (
            ZeroDivisionError("oh\nno"),
            1,
            "error: unexpected ZeroDivisionError: oh; the traceback is in LOG",
        ),
    ],
)
def test_outcome_of_a_command_is_its_exit_status(
    commands: Commands, capsys: pytest.CaptureFixture[str], error: BaseException, status: int, line: str
) -> None:
    commands.outcome = failing(error)
    assert main(["init_replica", "--source", "mysql"]) == status
    log = commands.log("mysql")
    assert capsys.readouterr().err == line.replace("LOG", str(log)) + "\n"
    assert ("Traceback" in log.read_text()) == isinstance(error, ZeroDivisionError)


def test_advice_can_be_pasted(commands: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    error = ChameleonError(
        "it runs", advice="Run chameleon stop_replica --source mysql first, or chameleon show_status"
    )
    commands.outcome = failing(error)
    assert main(["show_status"]) == 1
    assert main(["show_status", "--config", "migration"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"error: {error}"
    assert second == (
        "error: it runs. Run chameleon stop_replica --config migration --source mysql first,"
        " or chameleon show_status --config migration"
    )


def test_advice_quotes_the_path_of_a_configuration(commands: Commands) -> None:
    context = context_of(commands)
    elsewhere = Context(context.configuration, Options(config=r"./my \1 shop.yml"))
    assert elsewhere.pasteable("Run chameleon show_status") == r"Run chameleon show_status --config './my \1 shop.yml'"


def test_escapes_in_a_message_do_not_reach_the_terminal(commands: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    commands.outcome = failing(ChameleonError("the server says \x1b]0;owned\x07\nand more"))
    assert main(["show_status"]) == 1
    assert capsys.readouterr().err == "error: the server says \\x1b]0;owned\\x07\nand more\n"


def test_traceback_is_shown_with_debug(commands: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    commands.outcome = failing(ZeroDivisionError("oh"))
    assert main(["show_status", "--debug"]) == 1
    out, err = capsys.readouterr()
    assert "Traceback" in out
    assert err == "error: unexpected ZeroDivisionError: oh; the traceback is above\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_root_is_advised_against_at_a_terminal_only(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], terminal: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    assert main(["show_status"]) == 0
    assert capsys.readouterr().err.count("running as root") == terminal
    assert "running as root" not in commands.log("general").read_text()


def test_warnings_of_the_configuration_are_shown(
    commands: Commands, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / ".pg_chameleon" / "configuration" / "default.yml").chmod(0o640)
    assert main(["show_status"]) == 0
    assert "warning: " in capsys.readouterr().err


def test_passwords_do_not_get_into_the_log(commands: Commands) -> None:
    commands.outcome = lambda: logging.getLogger("test").info("%s", commands.context)
    assert main(["init_replica", "--source", "mysql"]) == 0
    log = commands.log("mysql").read_text()
    assert "usr_replica" in log
    assert "-word" not in log


def test_version(commands: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"pg_chameleon {__version__}\n"


def test_general_help_lists_every_command_and_option(commands: Commands, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(re.search(rf"^  {name} +Do {name}\.$", out, re.MULTILINE) for name in KNOWN_COMMANDS)
    assert all(option.flag in out for option in OPTIONS.values())


@pytest.mark.parametrize("name", KNOWN_COMMANDS)
@pytest.mark.parametrize("before", [True, False])
def test_help_of_a_command(commands: Commands, capsys: pytest.CaptureFixture[str], name: str, before: bool) -> None:
    assert main(["--help", name] if before else [name, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"Do {name}." in out
    assert "And more" in out
    assert set(re.findall(r"^  --([a-z-]+)", out, re.MULTILINE)) == {
        "version",
        *(option.replace("_", "-") for option in COMMANDS[name].options),
    }


@pytest.mark.parametrize("name", KNOWN_COMMANDS)
def test_help_of_every_command_ends_with_an_example_that_works(name: str) -> None:
    words = COMMANDS[name].describe().splitlines()[-1].split()
    assert words[:3] == ["Example:", "chameleon", name]
    _, parsers = make_parsers()
    COMMANDS[name].require(vars(parsers[name].parse_args(words[3:])))


@pytest.mark.parametrize("name", KNOWN_COMMANDS)
def test_summary_of_every_command_is_a_sentence(name: str) -> None:
    assert re.fullmatch(r"[A-Z].{10,100}\.", COMMANDS[name].summary)


@pytest.mark.parametrize("name", KNOWN_COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    needs = "".join(f" {OPTIONS[need]}" for need in COMMANDS[name].needs)
    assert f"\n### `{name}{needs}`\n" in page


def completions(line: str, home: Path) -> list[str]:
    """Return what a shell would show behind a line."""
    with (home / "completions").open("wb") as answer:
        subprocess.run(
            [sys.executable, ROOT / "scripts" / "chameleon"],
            env={
                **os.environ,
                "HOME": str(home),
                "_ARGCOMPLETE": "1",
                "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
                "_ARGCOMPLETE_STDOUT_FILENAME": answer.name,
                "COMP_LINE": line,
                "COMP_POINT": str(len(line)),
            },
            check=True,
        )
    return sorted((home / "completions").read_text().split("\v"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("chameleon st", ["start_replica", "stop_all_replicas", "stop_replica"]),
        ("chameleon --config migration st", ["start_replica", "stop_all_replicas", "stop_replica"]),
        ("chameleon show_errors --lo", ["--logid"]),
        ("chameleon start_replica --source m", ["mysql"]),
        ("chameleon start_replica --config ", ["default", "migration"]),
        ("chameleon start_replica --rollbar-level w", ["warning"]),
    ],
)
def test_shell_completes_commands_options_and_values(
    commands: Commands, tmp_path: Path, line: str, expected: list[str]
) -> None:
    assert completions(line, tmp_path) == expected


def test_every_option_is_documented() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert all(f"| `{option.flag}" in page for option in OPTIONS.values())


def test_closed_pipe_is_no_defect(tmp_path: Path) -> None:
    script = f"""
import sys, types
commands = types.ModuleType("pg_chameleon.commands.setup")
def show(): print("x" * 1_000_000, flush=True)
commands.set_configuration_files = show
sys.modules["pg_chameleon.commands.setup"] = commands
sys.path.insert(0, {str(ROOT)!r})
from pg_chameleon.cli import main
sys.exit(main(["set_configuration_files"]))
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(10) == 1


def context_of(commands: Commands, *argv: str) -> Context:
    """Run a command, and return what it was given."""
    assert main(["show_status", *argv]) == 0
    return commands.context


def test_context_finds_the_source_and_its_tables(commands: Commands) -> None:
    context = context_of(commands, "--source", "mysql", "--tables", "sakila.film, sakila.actor,sakila.film")
    assert context.source.name == "mysql"
    assert context.tables == (TableName("sakila", "film"), TableName("sakila", "actor"))
    assert not context.all_disabled


def test_context_knows_a_schema_by_either_name(commands: Commands) -> None:
    context = context_of(commands)
    assert Context(context.configuration, Options(source="mysql", schema="sch_other")).schema == "other"
    assert Context(context.configuration, Options(source="mysql", schema="sakila")).schema == "sakila"
    with pytest.raises(UsageError, match="has no schema sakla; did you mean sakila"):
        _ = Context(context.configuration, Options(source="mysql", schema="sakla")).schema


def test_context_reads_disabled(commands: Commands) -> None:
    assert context_of(commands, "--source", "mysql", "--tables", "disabled").all_disabled


@pytest.mark.parametrize("tables", ["film", "sakila.", ","])
def test_context_refuses_what_is_no_table(commands: Commands, tables: str) -> None:
    context = context_of(commands, "--tables", tables)
    with pytest.raises(UsageError):
        _ = context.tables


def test_context_without_options_says_what_is_missing(commands: Commands) -> None:
    context = context_of(commands)
    with pytest.raises(UsageError, match="Add --source NAME"):
        _ = context.source
    with pytest.raises(UsageError, match="Add --tables"):
        _ = context.tables
    with pytest.raises(UsageError, match="Add --schema NAME"):
        _ = Context(context.configuration, Options(source="mysql")).schema


@pytest.mark.parametrize(("option", "foreground"), [([], False), (["--debug"], True)])
def test_debug_stays_in_the_foreground(commands: Commands, option: list[str], foreground: bool) -> None:
    assert context_of(commands, *option).foreground is foreground


def test_closed_streams_do_not_end_a_command(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; from pg_chameleon.cli import main; sys.exit(main())", "show_config"]
    home = {**os.environ, "PG_CHAMELEON_HOME": str(tmp_path)}
    for closed in ("2>&-", ">&-", "<&-"):
        shell = ["sh", "-c", f'"$@" {closed}', "sh", *command]
        done = subprocess.run(shell, env=home, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 2, closed
        assert "unexpected" not in done.stdout + done.stderr, closed
        assert "there is no configuration" not in done.stdout, closed


def test_help_is_shown_in_any_encoding() -> None:
    command = [sys.executable, "-c", "import sys; from pg_chameleon.cli import main; sys.exit(main())", "sync_tables"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin1"}
    done = subprocess.run([*command, "--help"], env=environment, cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
