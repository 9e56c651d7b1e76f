"""The settings by which MariaDB encrypts its binlog; its plugin for keys is in a package that the lab omits."""

import shlex
from pathlib import Path

from lab.servers.base import Options
from lab.servers.installation import Installation
from lab.servers.provision import cache, locked, run

PACKAGE = "mariadb-server"
PLUGIN = "file_key_management"
KEYS = f"1;{'a1' * 32}\n"


def encrypted_binlog(installation: Installation) -> Options:
    """Return the settings of a server whose binlog is encrypted."""
    folder = _plugin_folder(installation)
    inside = installation.path_inside(folder)
    return {
        "plugin_dir": f"{inside}/usr/lib/mysql/plugin",
        "plugin_load_add": PLUGIN,
        "file_key_management_filename": f"{inside}/keys",
        "encrypt_binlog": "ON",
    }


def _plugin_folder(installation: Installation) -> Path:
    """Unpack the package with the plugin, the first time, where the server can read it."""
    parent = installation.root / "var/cache/pg_chameleon-lab" if installation.is_chroot else cache()
    folder = parent / f"plugins-{installation.name}"
    with locked(folder.name):
        if not (folder / "keys").exists():
            folder.mkdir(parents=True, exist_ok=True)
            inside = shlex.quote(installation.path_inside(folder))
            script = f"cd {inside} && apt-get update -q && apt-get download -q {PACKAGE} && dpkg -x {PACKAGE}_*.deb ."
            run(installation.name, [*installation.entrance, "sh", "-c", script])
            (folder / "keys").write_text(KEYS)
    return folder
