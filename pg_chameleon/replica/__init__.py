"""The work of the replica: the only layer that knows both sides."""
