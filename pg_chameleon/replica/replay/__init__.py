"""The replay process: batches of the log become changes of the target's tables."""
