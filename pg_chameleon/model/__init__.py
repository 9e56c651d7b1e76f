"""Plain frozen values that both sides of the replica share; no input or output happens here."""
