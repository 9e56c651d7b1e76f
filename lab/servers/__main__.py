"""Start or provision private servers from the command line."""

import argparse
import threading
from collections.abc import Sequence

from lab.servers import (
    RECIPES,
    REPLICA_PASSWORD,
    REPLICA_USER,
    LabError,
    Options,
    PostgreSQL,
    Server,
    provision,
    source_server,
    start_together,
    target_server,
)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m lab.servers", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    known = ", ".join(sorted(RECIPES))
    start = commands.add_parser("start", help="start servers and keep them running until Ctrl-C")
    start.add_argument("names", nargs="+", metavar="NAME", help=known)
    start.add_argument("--option", action="append", default=[], metavar="K=V", help="a setting of the source servers")
    start.add_argument("--not-durable", action="store_true", help="do not wait for the disk")
    install = commands.add_parser("provision", help="install servers without starting them")
    install.add_argument("names", nargs="+", metavar="NAME", help=f"all, {known}")
    return top


def run_provision(names: Sequence[str]) -> None:
    for name in sorted(RECIPES) if "all" in names else names:
        print(provision(name))


def run_start(names: Sequence[str], options: Options, durable: bool) -> None:
    servers = [make_server(name, options, durable) for name in names]
    start_together(*servers)
    for server in servers:
        print(describe(server), flush=True)
    print("Ctrl-C stops them.", flush=True)
    threading.Event().wait()


def make_server(name: str, options: Options, durable: bool) -> Server:
    if name.startswith(PostgreSQL.product):
        return target_server(name, durable=durable)
    return source_server(name, options=options, durable=durable)


def describe(server: Server) -> str:
    """Say how to connect to a server."""
    scheme, superuser = ("postgresql", "postgres") if isinstance(server, PostgreSQL) else ("mysql", "root")
    address = f"{server.host}:{server.port}"
    return "\n".join(
        [
            f"{server.name} ({server.folder})",
            f"  {scheme}://{superuser}@{address}/",
            f"  {scheme}://{REPLICA_USER}:{REPLICA_PASSWORD}@{address}/",
        ]
    )


def main() -> int:
    arguments = parser().parse_args()
    try:
        if arguments.command == "provision":
            run_provision(arguments.names)
        else:
            options = dict(option.split("=", 1) for option in arguments.option)
            run_start(arguments.names, options, not arguments.not_durable)
    except LabError as error:
        print(error)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
