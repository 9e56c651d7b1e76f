"""Write to a source as its applications would: random changes, the same each time, and DDL beside them.

writer = Writer(server.connect, "boat_hire", seed=7)
tally = writer.run(transactions=2_000, changes=20_000)
"""

from lab.workload.probe import Lag, Probe
from lab.workload.sidekick import DdlSidekick
from lab.workload.writer import Tally, Writer

__all__ = ["DdlSidekick", "Lag", "Probe", "Tally", "Writer"]
