"""From the bytes of a binlog to the events of the stream; knows no connection."""
