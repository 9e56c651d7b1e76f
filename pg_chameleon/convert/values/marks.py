"""The marks by which the source's lines say what has to be mended in them before PostgreSQL takes them."""

from __future__ import annotations

# No line that PostgreSQL takes has this byte, so it shows at little cost where a value has to be changed.
MARK = b"\0"
# What the \u0000 of a document is in a line, whose backslashes are doubled.
DOCUMENT_MARK = b"\\\\u0000"
# Stands at the beginning of a field that is hexadecimal. No other field begins with a single backslash and a letter
# that is not an escape of COPY.
HEX_MARK = b"\\z"
# Stands before the stored bytes, hexadecimal, of a text in which the server put substitutes; then comes the text.
UNCONVERTED_MARK = b"\\y"
# Stands before the text of a value that the text does not tell from another one.
AMBIGUOUS_MARK = b"\\w"
