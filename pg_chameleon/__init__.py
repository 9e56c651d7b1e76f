"""Replicate MySQL and MariaDB to PostgreSQL."""

__version__ = "3.0.0"
