"""All types with their edge values."""

from lab.matrix.catalogue.documents import DOCUMENTS
from lab.matrix.catalogue.members import MEMBERS
from lab.matrix.catalogue.moments import MOMENTS
from lab.matrix.catalogue.numbers import NUMBERS
from lab.matrix.catalogue.others import OTHERS
from lab.matrix.catalogue.places import PLACES
from lab.matrix.catalogue.texts import BYTES, TEXTS

KINDS = (*NUMBERS, *TEXTS, *BYTES, *MOMENTS, *MEMBERS, *DOCUMENTS, *PLACES, *OTHERS)
