"""From the bytes of a row to its values, as its table map and the tracked structure say."""
