"""MySQL to PostgreSQL: types, values, defaults and DDL, as pure functions."""
