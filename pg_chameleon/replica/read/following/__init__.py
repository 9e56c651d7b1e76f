"""What the binlog means for the tables of a source: decided here, carried out by ``replica/read/registry.py``."""
