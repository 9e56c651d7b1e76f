"""Servers of the user's own, named by URLs such as mysql://user:password@host:3306/."""

from typing import Any
from urllib.parse import unquote, urlsplit


def connection_of(url: str, default_port: int, default_user: str) -> dict[str, Any]:
    """Return host, port, user and password of a URL, as both drivers and the configuration file name them."""
    parts = urlsplit(url)
    return {
        "host": parts.hostname or "localhost",
        "port": parts.port or default_port,
        "user": unquote(parts.username or default_user),
        "password": unquote(parts.password or ""),
    }


def source_of(url: str) -> dict[str, Any]:
    """Return the connection to a source."""
    return connection_of(url, 3306, "root")


def target_of(url: str) -> dict[str, Any]:
    """Return the connection to a target, without the database."""
    return connection_of(url, 5432, "postgres")


def database_of(url: str) -> str:
    """Return the database that a URL names, or an empty text."""
    return unquote(urlsplit(url).path.strip("/"))
