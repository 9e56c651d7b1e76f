"""The structure of a source's tables, and what else of it a replica has to know."""
