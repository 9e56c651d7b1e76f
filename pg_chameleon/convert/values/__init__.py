"""How a value is written: the one rule of each type, for the copy and for the stream."""
