"""What a change of structure means on the target, with the rows that are there."""
