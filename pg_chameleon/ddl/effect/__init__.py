"""What a statement does: from the structures before it to those after it."""
