"""Run all benchmarks, each in a process of its own."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
MODULES = ("first_copy", "decode", "read_alone", "catch_up", "lag")


def main() -> int:
    failed = [name for name in MODULES if (FOLDER / f"{name}.py").exists() and not succeeds(name)]
    for name in failed:
        print(f"benchmarks.{name} failed", file=sys.stderr)
    return 1 if failed else 0


def succeeds(name: str) -> bool:
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
