"""What a table of the source is on the target: columns, keys, defaults, and the statements that make them."""
