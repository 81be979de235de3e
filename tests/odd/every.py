"""Every odd file that is drawn, by family."""

from tests.odd.broken import BOMBS, DAMAGED, NO_PICTURES
from tests.odd.colour import COLOURED, HIDDEN, INKED, SEVERAL
from tests.odd.deep import DEEP, VALUED
from tests.odd.gray import COLOURS_THAT_ARE_GRAY, EIGHT_BITS, FEW_BITS, TURNED
from tests.odd.places import NAMED, NO_FILES

FAMILIES = {
    "8 bits": EIGHT_BITS,
    "few bits": FEW_BITS,
    "R = G = B": COLOURS_THAT_ARE_GRAY,
    "turned": TURNED,
    "colour": COLOURED,
    "ink": INKED,
    "alpha": HIDDEN,
    "several": SEVERAL,
    "deep": DEEP,
    "numbers": VALUED,
    "no picture": NO_PICTURES,
    "damaged": DAMAGED,
    "bombs": BOMBS,
    "no file": NO_FILES,
    "names": NAMED,
}
EVERY = [one for family in FAMILIES.values() for one in family]
