"""The read process: events of the binlog become batches in the log of the source."""
