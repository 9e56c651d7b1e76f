"""The two forms in which rows are written.

A whole row is a composite literal, ``("1","a b",)``, which PostgreSQL reads fastest. What holds some columns only, as
the image of a partial update does, is a JSON object whose keys are the names of the target's columns, to be read as
``(image ->> name)::type``: for a column of JSON, ``jsonb_populate_record`` would take the text for a JSON string, and
the document ``null`` for NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pg_chameleon.convert.values.text import inside_json, inside_record, to_json_text, to_record_text


class Form(NamedTuple):
    """How rows are written. ``inside`` escapes what stands between quotes; ``nul`` is what NUL becomes there."""

    begin: str
    end: str
    null: str
    quote: Callable[[str], str]
    inside: Callable[[str], str]
    nul: str
    named: bool


JSON_OBJECT = Form("{", "}", "null", to_json_text, inside_json, "\\u0000", named=True)
COMPOSITE = Form("(", ")", "", to_record_text, inside_record, "\0", named=False)
