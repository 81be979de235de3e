"""What weakens an attribute agreement study, or makes it say less than it seems to."""

from collections.abc import Iterator, Mapping, Sequence

from bulbinspect.data.natural import some_names
from bulbinspect.inspection.msa.appraisers import Appraiser
from bulbinspect.inspection.reshots import Copies, ReshotBulb, shots_of_a_bulb


def warnings_of(
    bulbs: Sequence[ReshotBulb],
    appraisers: Sequence[Appraiser],
    copies: Copies,
    *,
    splits: Mapping[str, str],
    learnt_from_it: bool,
) -> list[str]:
    """Return the warnings as sentences, those that weigh most first.

    `splits` (shot -> split, "" for none) say what the network learnt from; without any,
    `learnt_from_it` is whether it learnt from bulbs of this very manifest.
    """
    return [
        *_of_copies(copies),
        *_of_learning(splits, learnt_from_it),
        *_of_bulbs(bulbs),
        *_of_shots(bulbs, copies),
        *_of_people(bulbs, appraisers),
    ]


def _of_copies(copies: Copies) -> Iterator[str]:
    if copies.of:
        yield (
            f"{_many(len(copies.of), 'shot')} with a picture that another shot has already, left "
            f"out: the same picture twice says nothing about the line, it must be photographed "
            f"again ({some_names(copies.of)})"
        )
    if copies.num_unknown:
        yield (
            f"{_many(copies.num_unknown, 'picture')} could not be looked at, so that it is not "
            "known whether they are copies"
        )


def _of_learning(splits: Mapping[str, str], learnt_from_it: bool) -> Iterator[str]:
    used = {name: sum(split == name for split in splits.values()) for name in ("train", "val")}
    if used["train"]:
        yield (
            f"{_many(used['train'], 'shot')} in split train: a network knows the bulbs that it "
            "learnt from; leave them out with --split test"
        )
    if used["val"]:
        yield f"{_many(used['val'], 'shot')} in split val, on which the threshold was chosen"
    if learnt_from_it and not any(splits.values()):
        yield (
            "the network learnt from bulbs of this manifest, and it is not said which; name them "
            "with --splits RUN/split.csv --split test"
        )


def _of_bulbs(bulbs: Sequence[ReshotBulb]) -> Iterator[str]:
    if not any(bulb.limit for bulb in bulbs):
        yield (
            "no limit bulbs: clear bulbs are judged alike by everybody, and what is agreed on them "
            "says nothing of those at the limit; mark some in the manifest's column `limit`"
        )
    for what, found in (
        ("good", any(not bulb.defective for bulb in bulbs)),
        ("defective", any(bulb.defective for bulb in bulbs)),
    ):
        if not found:
            rate = "the false-alarm rate" if what == "good" else "the miss rate"
            yield f"no {what} bulbs, so that {rate} is not known"


def _of_shots(bulbs: Sequence[ReshotBulb], copies: Copies) -> Iterator[str]:
    numbers = shots_of_a_bulb(bulbs, copies.of)
    once = numbers.get(1, 0) + numbers.get(0, 0)
    if once == len(bulbs):
        yield (
            "no bulb was photographed again, so that nothing is known of repetition; shots of one "
            "bulb share `group` in the manifest"
        )
    elif once:
        yield (f"{_many(once, 'bulb')} with fewer than two shots, which say nothing of repetition")
    if len(numbers) > 1 and once < len(bulbs):
        told = ", ".join(f"{number} with {shots}" for shots, number in sorted(numbers.items()))
        yield f"not as many shots of every bulb: {told}; more shots are harder to get all right"


def _of_people(bulbs: Sequence[ReshotBulb], appraisers: Sequence[Appraiser]) -> Iterator[str]:
    for one in appraisers[1:]:
        absent = len(bulbs) - len(one.answers)
        if absent:
            yield f"{one.name!r} did not answer for {_many(absent, 'bulb')} of {len(bulbs)}"
        trials = {len(some) for some in one.answers.values()}
        if trials == {1}:
            yield f"{one.name!r} looked once, so that nothing is known of repetition"
        elif len(trials) > 1:
            yield f"{one.name!r} did not look as often at every bulb"


def _many(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
