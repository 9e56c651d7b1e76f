"""What can still be told of a statement that is not understood, or that leaves the structure open."""
