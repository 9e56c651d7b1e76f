"""Every type with every edge value, carried over by the whole tool in every way, against MySQL's own answer."""
