"""The process that `benchmarks.read_alone` measures: the code of the read process, and a sampler beside it.

PYTHONPATH says which checkout's code it runs; it prints one line of JSON when its standard input ends.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

import pg_chameleon
from pg_chameleon.config.loader import load_file
from pg_chameleon.daemon import StopEvent
from pg_chameleon.postgres.connection import connect
from pg_chameleon.postgres.sources import find_source
from pg_chameleon.replica import worker
from pg_chameleon.replica.settings import replica_settings

SAMPLE_SECONDS = 0.001


class Sampler:
    """Counts, at equal steps of CPU time, which functions of ours are running; hardly slows them down."""

    def __init__(self) -> None:
        self.functions: Counter[str] = Counter()

    def __enter__(self) -> "Sampler":
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        while frame is not None:
            name = own_name(frame)
            if name is not None:
                self.functions[name] += 1
                return
            frame = frame.f_back


def own_name(frame: FrameType) -> str | None:
    """Name the function if it is one of ours: module and function, or what a generated function says of itself."""
    file = frame.f_code.co_filename
    if file.startswith(("<decoder", "<row encoder", "<value encoder")):
        return file
    if "/pg_chameleon/" not in file:
        return None
    return f"{file.rpartition('/pg_chameleon/')[2]}:{frame.f_code.co_name}"


def main(configuration: str, source_name: str) -> None:
    loaded = load_file(Path(configuration))
    settings = replica_settings(loaded, loaded.sources[source_name])
    connection = connect(settings.target, f"read {settings.name}", worker.PARAMETERS["read"])
    stop = StopEvent()
    threading.Thread(target=set_at_end_of_input, args=(stop,), daemon=True).start()
    with Sampler() as sampler:
        began = time.process_time()
        worker.read(settings, connection, find_source(connection, source_name), stop)
        seconds = time.process_time() - began
    print(json.dumps({"package": pg_chameleon.__file__, "seconds": seconds, "functions": sampler.functions}))


def set_at_end_of_input(stop: StopEvent) -> None:
    while os.read(0, 1):
        pass
    stop.set()


if __name__ == "__main__":
    main(*sys.argv[1:])
