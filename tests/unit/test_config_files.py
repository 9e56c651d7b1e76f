"""The configuration files come to their place, and are found there; so are the files of the package."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pg_chameleon import resources
from pg_chameleon.config import configuration_path, set_configuration_files
from pg_chameleon.config.loader import load_configuration
from pg_chameleon.errors import ChameleonError, UsageError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PG_CHAMELEON_HOME", raising=False)
    return tmp_path


def mode(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_and_example_are_made_for_the_owner_only(home: Path) -> None:
    base = home / ".pg_chameleon"
    example = base / "configuration" / "config-example.yml"
    assert list(set_configuration_files()) == [
        f"creating directory {base}",
        f"creating directory {base}/configuration",
        f"creating directory {base}/logs",
        f"creating directory {base}/pid",
        f"copying configuration example in {example}",
    ]
    assert [mode(base / name) for name in ("", "configuration", "logs", "pid")] == [0o700] * 4
    assert mode(example) == 0o600
    assert load_configuration("config-example").warnings == ()


def test_second_run_leaves_alone_what_is_there(home: Path) -> None:
    list(set_configuration_files())
    assert all(step.endswith("already exists") for step in set_configuration_files())


def test_changed_example_is_kept(home: Path) -> None:
    list(set_configuration_files())
    example = home / ".pg_chameleon" / "configuration" / "config-example.yml"
    example.write_text("mine")
    *_, last = set_configuration_files()
    assert last == f"copying configuration example in {example}.new"
    assert example.read_text() == "mine"


def test_home_that_cannot_be_written_is_a_clear_error(home: Path) -> None:
    (home / ".pg_chameleon").touch()
    with pytest.raises(ChameleonError, match=r"/\.pg_chameleon cannot be created: File exists"):
        list(set_configuration_files())


def test_missing_configuration_tells_where_it_was_looked_for_and_what_there_is(home: Path) -> None:
    list(set_configuration_files())
    with pytest.raises(UsageError) as caught:
        configuration_path("migration")
    text = str(caught.value)
    assert f"{home}/.pg_chameleon/configuration/migration.yml" in text
    assert "config-example" in text
    assert "chameleon set_configuration_files" in text


def test_missing_folder_is_no_different(home: Path) -> None:
    with pytest.raises(UsageError, match="existing configurations: none"):
        configuration_path("default")


def test_name_may_have_its_suffix(home: Path) -> None:
    list(set_configuration_files())
    assert configuration_path("config-example.yml") == configuration_path("config-example")


def test_configuration_may_be_the_path_of_a_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    list(set_configuration_files())
    example = configuration_path("config-example")
    assert configuration_path(str(example)) == example
    assert configuration_path("~/.pg_chameleon/configuration/config-example.yml") == example
    monkeypatch.chdir(example.parent)
    assert configuration_path("./config-example.yml") == example
    assert load_configuration("./config-example.yml").name == "config-example"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", ".hidden", "..", "/etc/.yml"])
def test_what_is_neither_a_name_nor_a_yml_file_is_refused(home: Path, name: str) -> None:
    with pytest.raises(UsageError, match="--config takes a name or the path"):
        configuration_path(name)


def test_path_without_a_file_is_reported(home: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no file /nowhere/default\.yml"):
        configuration_path("/nowhere/default.yml")


def test_home_folder_can_be_chosen(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = tmp_path / "chosen"
    monkeypatch.setenv("PG_CHAMELEON_HOME", "~/chosen")
    assert next(iter(set_configuration_files())) == f"creating directory {chosen}"
    list(set_configuration_files())
    assert configuration_path("config-example") == chosen / "configuration" / "config-example.yml"
    configuration = load_configuration("config-example")
    assert (configuration.log_dir, configuration.pid_dir) == (chosen / "logs", chosen / "pid")
    assert not (home / ".pg_chameleon").exists()


def test_empty_variable_chooses_no_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_CHAMELEON_HOME", "")
    assert next(iter(set_configuration_files())) == f"creating directory {home}/.pg_chameleon"


def test_resources_are_found_inside_the_package_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "pg_chameleon"
    beside = tmp_path / "sql" / "queries"
    beside.mkdir(parents=True)
    for name in ("b.sql", "a.sql", "README.md"):
        (beside / name).write_text(f"beside {name}")
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.sql_files("queries") == ("queries/a.sql", "queries/b.sql")
    assert resources.sql_text("queries/a.sql") == "beside a.sql"
    inside = package / "sql" / "queries"
    inside.mkdir(parents=True)
    (inside / "c.sql").write_text("inside")
    assert resources.sql_files("queries") == ("queries/c.sql",)
    assert resources.sql_text("queries/c.sql") == "inside"
