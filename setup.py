"""Map `sql/` and `configuration/`, which lie beside the package, into it; the rest is in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

DATA_FOLDERS = {"pg_chameleon.sql": "sql", "pg_chameleon.configuration": "configuration"}


def files_in(folder: str) -> list[str]:
    """List the files of a folder and the folders below, relative to it."""
    root = Path(folder)
    return [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]


setup(
    packages=[*find_packages(include=["pg_chameleon", "pg_chameleon.*"]), *DATA_FOLDERS],
    package_dir=DATA_FOLDERS,
    package_data={package: files_in(folder) for package, folder in DATA_FOLDERS.items()},
    include_package_data=False,
)
