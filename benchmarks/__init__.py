"""Measurements side by side with the alternatives."""
