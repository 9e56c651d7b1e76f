"""What a statement says: from its text to a value, to the last token or not at all."""
