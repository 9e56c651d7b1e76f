"""Compare a schema of the source with its replica, row by row.

This is the oracle of the tests, so it shares no code with pg_chameleon: it reads both sides with plain
clients and brings each value to a canonical text by itself. Rows are hashed as they stream by; only where the
hashes differ are rows looked at a second time, so memory does not grow with the tables.
"""

from lab.compare.policy import Policy
from lab.compare.result import ChangedValue, Comparison, Difference, TableComparison
from lab.compare.rows import compare

__all__ = ["ChangedValue", "Comparison", "Difference", "Policy", "TableComparison", "compare"]
