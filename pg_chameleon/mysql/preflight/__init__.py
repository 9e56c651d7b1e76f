"""What is to be said of a source before it is replicated: what would keep the replica from working, or surprise."""
