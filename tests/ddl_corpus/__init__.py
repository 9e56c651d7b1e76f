"""Replay a corpus of DDL statements with known outcomes through the parser and the tracker."""
