"""What became of mutations: the same picture, another picture, or refused with a reason."""

import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from tests.corpora.mutations import SIZE_PX, Mutation, bit_depth, mutations

from bulbinspect.bulb import View
from bulbinspect.errors import PictureError
from bulbinspect.imaging.load import LoadedView, load_views
from bulbinspect.imaging.preprocess import PreprocessSpec

SAME, ANOTHER, UNCHANGED = "same picture", "another picture", "unchanged file"


class Classifier:
    """Compares what is read of a mutation with what is read of its original."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "original"
        self._digests: dict[tuple[str, int, int], bytes] = {}

    def outcome(self, mutation: Mutation, loaded: LoadedView | PictureError) -> str:
        """Return `SAME`, `ANOTHER`, `UNCHANGED` or the reason."""
        if mutation.content == mutation.original:
            return UNCHANGED
        if isinstance(loaded, PictureError):
            return loaded.reason
        return SAME if loaded.digest == self._digest(mutation) else ANOTHER

    def _digest(self, mutation: Mutation) -> bytes:
        key = mutation.format, mutation.bulb, mutation.view
        if key not in self._digests:
            self._digests[key] = read(mutation.original, mutation.format, self._path).digest
        return self._digests[key]


def read(content: bytes, format_name: str, path: Path) -> LoadedView | PictureError:
    """Write the file to `path` and read it as a view in the form that its format is declared in."""
    path.write_bytes(content)
    spec = PreprocessSpec(SIZE_PX, SIZE_PX, bit_depth=bit_depth(format_name))
    (loaded,) = load_views([View("0", path)], spec)
    return loaded


def outcomes_of(count: int, *, seed: int = 0) -> dict[str, Counter[str]]:
    """Return for each format how many mutations became what."""
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory() as name:
        classifier = Classifier(Path(name))
        for mutation in mutations(count, seed=seed):
            loaded = read(mutation.content, mutation.format, Path(name) / "mutation")
            outcomes[mutation.format][classifier.outcome(mutation, loaded)] += 1
    return outcomes
