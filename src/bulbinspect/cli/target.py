"""A file that an option names to be written."""

from pathlib import Path


def check_target(path: Path | None, option: str, ending: str) -> None:
    """Refuse before any work what could not be written, or would replace something else."""
    from bulbinspect.errors import UsageError

    if path is None:
        return
    if path.suffix.lower() != ending:
        raise UsageError(f"{option} is {path}, expected a file that ends with {ending}")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"{option} is {path}, expected a file in a folder that exists")
