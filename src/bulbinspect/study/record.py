"""A finished run as the study knows it: what it was, what its bundle said, what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulbinspect.bundle.bundle import Bundle, read_bundle
from bulbinspect.bundle.find import BUNDLE_NAME
from bulbinspect.errors import BundleError, DataError
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.study.find import FINISHED
from bulbinspect.study.read import Answers, read_answers, read_config, read_object, read_split_rows

BUDGETS = ("steps", "flops")
"""At equal steps, or with the arithmetic of the reference spent on more of them."""

MEASURED = "study.json"
"""What was measured of a run beside its figures on val and test; a run may lack it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunRecord:
    """One run of one arm.

    `name` is its folder's, told from the others; `num_train` how many training bulbs it was given;
    `reject_threshold` the bundle's, None without a good class; `measured` the content of
    `study.json`.
    """

    folder: Path
    name: str
    arm: str
    seed: int
    num_train: int
    budget: str
    learning_rate: float | None
    data: str
    manifest: Path | None
    val: Answers
    test: Answers
    model: str
    has_good: bool
    preprocess: PreprocessSpec
    reject_threshold: float | None
    data_sha256: str
    manifest_sha256: str
    measured: Mapping[str, Any]

    @property
    def trial(self) -> tuple[str, str, int, int]:
        """What no two runs of a comparison may have in common, and the order of runs."""
        return self.arm, self.budget, self.num_train, self.seed


def read_run(folder: Path, *, name: str) -> RunRecord:
    """Read a finished run; DataError or BundleError names the file that cannot be used."""
    config = read_config(folder / "config.yaml")
    read_object(folder / FINISHED)
    measured = read_object(folder / MEASURED) if (folder / MEASURED).exists() else {}
    bundle = read_bundle(folder / BUNDLE_NAME)
    rows = read_split_rows(folder / "split.csv")
    val, test = (
        read_answers(folder / f"predictions-{split}.jsonl", rows, split=split, model=bundle.sha256)
        for split in ("val", "test")
    )
    point = bundle.metadata.operating_point
    facts = _Facts(folder, config, measured)
    data = facts.inside("data")
    num_in_train = sum(row.split == "train" for row in rows.values())
    manifest = data.get("manifest")
    return RunRecord(
        folder=folder,
        name=name,
        arm=facts.arm(),
        seed=facts.count("seed", config.get("seed"), least=0),
        num_train=facts.num_train(num_in_train),
        budget=facts.budget(),
        learning_rate=facts.learning_rate(),
        data=facts.data_name(manifest),
        manifest=Path(manifest) if isinstance(manifest, str) and manifest else None,
        val=val,
        test=test,
        model=bundle.sha256,
        has_good=bundle.metadata.good_index is not None,
        preprocess=bundle.metadata.preprocess,
        reject_threshold=None if point is None else point.reject_threshold,
        data_sha256=_provenance(bundle, "data_sha256", folder),
        manifest_sha256=_provenance(bundle, "manifest_sha256", folder),
        measured=measured,
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """What `config.yaml` and `study.json` say of a run; they must not contradict each other."""

    folder: Path
    config: Mapping[str, Any]
    measured: Mapping[str, Any]

    def inside(self, key: str) -> Mapping[str, Any]:
        """Return the values below a key of the configuration, none if it is not there."""
        values = self.config.get(key)
        return values if isinstance(values, dict) else {}

    def arm(self) -> str:
        """Return the name of the arm."""
        arm = self.config.get("arm")
        if not isinstance(arm, str) or not arm.strip():
            raise self._wrong(f"arm is {arm!r:.60}; a run of a study says `arm=NAME`")
        if self.measured.get("arm", arm) != arm:
            raise self._wrong(f"arm is {arm!r:.60}, in {MEASURED} {self.measured['arm']!r:.60}")
        return arm

    def count(self, key: str, value: Any, *, least: int) -> int:
        """Return a whole number from `least`."""
        if type(value) is not int or value < least:
            raise self._wrong(f"{key} is {value!r:.60}, expected a whole number from {least}")
        return value

    def num_train(self, counted: int) -> int:
        """Return how many bulbs were asked for; without such a wish, how many there were."""
        for key, value in (
            ("data.train_bulbs", self.inside("data").get("train_bulbs")),
            (f"num_train in {MEASURED}", self.measured.get("num_train")),
        ):
            if value is not None:
                return self.count(key, value, least=1)
        return self.count("the number of train bulbs in split.csv", counted, least=1)

    def budget(self) -> str:
        """Return one of `BUDGETS`; equal steps unless something else is said."""
        budget = self.measured.get("budget", BUDGETS[0])
        if budget not in BUDGETS:
            raise DataError(
                f"{self.folder / MEASURED}: budget is {budget!r:.60}, expected "
                f"{' or '.join(BUDGETS)}"
            )
        return str(budget)

    def learning_rate(self) -> float | None:
        """Return the learning rate, None if it is not known."""
        rate = self.inside("module").get("learning_rate")
        if rate is None:
            return None
        if isinstance(rate, bool) or not isinstance(rate, int | float):
            raise self._wrong(f"module.learning_rate is {rate!r:.60}, expected a number")
        return float(rate)

    def data_name(self, manifest: Any) -> str:
        """Return what a person calls the data."""
        name = self.measured.get("data")
        if isinstance(name, str) and name.strip():
            return name
        return Path(manifest).parent.name if isinstance(manifest, str) else "unnamed data"

    def _wrong(self, text: str) -> DataError:
        return DataError(f"{self.folder / 'config.yaml'}: {text}")


def _provenance(bundle: Bundle, key: str, folder: Path) -> str:
    digest = bundle.metadata.provenance.get(key)
    if not isinstance(digest, str) or not digest:
        raise BundleError(f"{folder / BUNDLE_NAME}: its provenance has no {key}")
    return digest
