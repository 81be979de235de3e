"""Every exception of the package, drawn as a tree.

BulbInspectError               the root: the command line prints it as one line, exit code 2
├── PictureError               one picture cannot be used; carries a short `reason` code
├── SpecError                  a number or name in a spec makes no sense
├── DataError                  a manifest, folder or split; carries all `problems` at once
├── BundleError                a file that is not a bundle we would trust
├── ExportError                the exported network does not do what the trained one does
├── CheckpointError            a checkpoint cannot be read, or must not be written
├── NonFiniteLossError         training met NaN or infinity; exit code 3
└── UsageError                 a command was called in a way that cannot work
"""

from collections.abc import Sequence


class BulbInspectError(Exception):
    """Root of all errors that this package raises on purpose."""


class PictureError(BulbInspectError):
    """One picture cannot be used.

    `reason` is a short code that ends up in the prediction of its bulb (`missing_file`,
    `not_a_picture`, `truncated`, …); `detail` is the sentence for a person. `digest` is that of
    the pixels, if they could be read.
    """

    def __init__(self, reason: str, detail: str, *, digest: bytes = b"") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.digest = digest


class SpecError(BulbInspectError):
    """A spec holds a value that makes no sense; the text lists what would."""


class DataError(BulbInspectError):
    """A manifest, folder, split or cache cannot be used; `problems` are all of them, in order."""

    def __init__(self, summary: str, problems: Sequence[str] = ()) -> None:
        super().__init__("\n  ".join([summary, *problems]))
        self.summary = summary
        self.problems = tuple(problems)


class BundleError(BulbInspectError):
    """A file is not a bundle, or holds something a bundle must not hold."""


class ExportError(BulbInspectError):
    """The exported network disagrees with the trained one, so nothing is written."""


class CheckpointError(BulbInspectError):
    """A checkpoint cannot be read, or must not be written as it is."""


class NonFiniteLossError(BulbInspectError):
    """The loss became NaN or infinite; `bulb_ids` are the bulbs of that batch."""

    def __init__(self, step: int, bulb_ids: Sequence[str]) -> None:
        super().__init__(
            f"the loss is not finite at step {step}; bulbs of that batch: {', '.join(bulb_ids)}"
        )
        self.step = step
        self.bulb_ids = tuple(bulb_ids)


class UsageError(BulbInspectError):
    """A command was called in a way that cannot work; the text says what to do instead."""
