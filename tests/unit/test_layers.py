"""The layer table of the design, and the rules of style that can be read off the syntax tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "pg_chameleon"
MODULES = sorted(PACKAGE.rglob("*.py"))

# What each layer may import; replica is the only one that knows both sides.
FOUNDATION = {"errors", "model"}  # errors carry values of the model
BELOW_REPLICA = FOUNDATION | {"config", "convert", "daemon", "ddl", "log", "mysql", "postgres", "resources"}
MAY_IMPORT = {
    "model": set(),
    "terminal": set(),
    "plain_file": set(),
    "errors": {"model"},
    "resources": {"errors"},
    "ddl": FOUNDATION,
    "convert": FOUNDATION | {"ddl"},
    "mysql": FOUNDATION | {"ddl", "resources"},
    "postgres": FOUNDATION | {"convert", "resources"},
    "config": FOUNDATION | {"resources"},
    "log": FOUNDATION | {"config", "plain_file"},
    "daemon": FOUNDATION | {"config", "log", "plain_file"},
    "replica": BELOW_REPLICA,
    "report": FOUNDATION | {"config", "terminal"},
    "progress": FOUNDATION | {"terminal"},
    "context": FOUNDATION | {"config"},
    "commands": BELOW_REPLICA | {"replica", "report", "progress", "context"},
    "cli": BELOW_REPLICA | {"replica", "report", "progress", "context", "commands", "terminal"},
}
ONLY_IMPORTER = {"pymysql": "mysql", "pymysqlreplication": "mysql", "psycopg2": "postgres", "rich": "progress"}
IMPURE = {
    *(
        "asyncio",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "random",
        "secrets",
        "select",
        "shutil",
    ),
    *("signal", "socket", "subprocess", "sys", "tempfile", "threading", "time", "urllib"),
}
MAY_PRINT = {"cli", "report", "progress"}


def layer_of(module: Path) -> str:
    """Return the first name below the package: a module of its own, or a folder."""
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"), filename=str(module))


def imports_of(module: Path) -> Iterator[str]:
    """Yield the full dotted names that a module imports, at its top or inside functions."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute_base(node, module)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def absolute_base(node: ast.ImportFrom, module: Path) -> str:
    if node.level == 0:
        return node.module or ""
    package = module.relative_to(PACKAGE.parent).parts[: -node.level]
    return ".".join([*package, *filter(None, [node.module])])


def layers_imported_by(module: Path) -> set[str]:
    names = (name.split(".") for name in imports_of(module))
    layers = {parts[1] for parts in names if parts[0] == PACKAGE.name and len(parts) > 1}
    return layers - {"__version__"}


def calls_in(module: Path) -> Iterator[str]:
    """Yield the written name of every function that a module calls, as in `sys.exit`."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def modules_outside(layers: set[str]) -> list[Path]:
    return [module for module in MODULES if layer_of(module) not in layers]


def modules_in(layers: set[str]) -> list[Path]:
    return [module for module in MODULES if layer_of(module) in layers]


def short_name(module: Path) -> str:
    return str(module.relative_to(PACKAGE))


each_module = pytest.mark.parametrize("module", MODULES, ids=short_name)
# What decides about tables acts as little as the layers below it
DECIDING = sorted((PACKAGE / "replica/read/following").glob("*.py"))
PURE = [*modules_in({"model", "convert", "ddl", "errors"}), *DECIDING]
each_pure_module = pytest.mark.parametrize("module", PURE, ids=short_name)
each_silent_module = pytest.mark.parametrize("module", modules_outside(MAY_PRINT), ids=short_name)


@each_module
def test_imports_go_down_only(module: Path) -> None:
    layer = layer_of(module)
    if layer in ("__init__", "__main__"):
        return
    assert layer in MAY_IMPORT, f"{layer} is not in the layer table"
    assert layers_imported_by(module) <= MAY_IMPORT[layer] | {layer}


# The rooms of a layer that has floors of its own, from the lowest
FLOORS = {
    "ddl": ("syntax", "effect", "doubt"),
    "convert": ("expressions", "values", "structure", "alter"),
    "mysql": ("binlog", "decode", "structure", "preflight"),
}


@pytest.mark.parametrize("layer", FLOORS)
def test_rooms_import_only_those_below(layer: str) -> None:
    rooms = FLOORS[layer]
    for height, room in enumerate(rooms):
        above = tuple(f"{PACKAGE.name}.{layer}.{higher}." for higher in rooms[height + 1 :])
        modules = list((PACKAGE / layer / room).glob("*.py"))
        assert len(modules) > 1
        assert [name for module in modules for name in imports_of(module) if f"{name}.".startswith(above)] == []


# The rooms of mysql that turn bytes into events and values, and what they may import of it
WITHOUT_CONNECTION = ("binlog", "decode", "charsets")


@pytest.mark.parametrize("room", WITHOUT_CONNECTION[:-1])
def test_what_reads_a_binlog_knows_no_connection(room: str) -> None:
    names = [name for module in (PACKAGE / "mysql" / room).glob("*.py") for name in imports_of(module)]
    rooms = {name.split(".")[2] for name in names if name.startswith(f"{PACKAGE.name}.mysql.")}
    assert rooms <= set(WITHOUT_CONNECTION)
    assert {name.split(".")[0] for name in names}.isdisjoint(ONLY_IMPORTER)


WINGS = {"copy", "read", "replay"}


@pytest.mark.parametrize("wing", sorted(WINGS))
def test_wings_of_replica_do_not_import_each_other(wing: str) -> None:
    modules = list((PACKAGE / "replica" / wing).glob("*.py"))
    assert len(modules) > 1
    others = tuple(f"{PACKAGE.name}.replica.{other}." for other in WINGS - {wing})
    assert [name for module in modules for name in imports_of(module) if f"{name}.".startswith(others)] == []


# Where no replica runs, what waits is replayed by the copy and by the cutover themselves.
BRIDGE = PACKAGE / "replica/draining.py"


@pytest.mark.parametrize("wing", sorted(WINGS))
def test_wings_of_replica_reach_each_other_over_one_bridge_only(wing: str) -> None:
    reached = {each for module in (PACKAGE / "replica" / wing).glob("*.py") for each in reached_from(module, BRIDGE)}
    assert {each.parent.name for each in reached if each.parent.parent == PACKAGE / "replica"} <= {wing}


@each_module
def test_drivers_have_one_importer(module: Path) -> None:
    drivers = {name.split(".")[0] for name in imports_of(module)} & ONLY_IMPORTER.keys()
    assert {ONLY_IMPORTER[driver] for driver in drivers} <= {layer_of(module)}


@each_pure_module
def test_pure_layers_import_nothing_that_acts(module: Path) -> None:
    assert {name.split(".")[0] for name in imports_of(module)}.isdisjoint(IMPURE)


def reached_from(module: Path, without: Path | None = None) -> set[Path]:
    """Return the modules that are imported with a module, by whatever way, but for one that is not followed."""
    files = {".".join(each.relative_to(PACKAGE.parent).with_suffix("").parts): each for each in MODULES}
    found, waiting = {module}, [module]
    while waiting:
        names = imports_of(waiting.pop())
        new = {files[name] for full in names for name in (full, full.rpartition(".")[0]) if name in files}
        new -= {*found, without}
        found |= new
        waiting += new
    return found


@pytest.mark.parametrize("module", DECIDING, ids=short_name)
def test_what_decides_reaches_neither_side(module: Path) -> None:
    roots = {name.split(".")[0] for each in reached_from(module) for name in imports_of(each)}
    assert roots.isdisjoint({*ONLY_IMPORTER, *IMPURE})


@each_pure_module
def test_pure_layers_neither_open_nor_read_the_clock(module: Path) -> None:
    for call in calls_in(module):
        assert call not in ("open", "input", "print")
        assert not call.endswith((".now", ".utcnow", ".today"))


@each_silent_module
def test_only_cli_report_and_progress_print_or_exit(module: Path) -> None:
    if module == PACKAGE / "replica/worker.py":
        assert [*calls_in(module)].count("sys.exit") == 1, "a process tells the supervisor how it ended, and only that"
        return
    assert {"print", "exit", "quit", "sys.exit", "SystemExit"}.isdisjoint(calls_in(module))


@each_module
def test_no_error_is_caught_unnamed_or_passed_over(module: Path) -> None:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"bare except in line {node.lineno}"
            assert not passes_over_everything(node), f"an error is passed over in line {node.lineno}"


def passes_over_everything(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler catches every error and does nothing with it."""
    caught = ast.unparse(handler.type) if handler.type is not None else ""
    idle = all(isinstance(statement, (ast.Pass, ast.Continue)) for statement in handler.body)
    return idle and caught in ("Exception", "BaseException")
