"""Limits of the gate that the user sets in place of the bundle's."""

from collections.abc import Sequence
from dataclasses import replace

from bulbinspect.bundle.bundle import Bundle
from bulbinspect.errors import UsageError
from bulbinspect.imaging.gate import Gate, check_limits

_OFF = "off"


def override_gate(bundle: Bundle, given: Sequence[str]) -> Bundle:
    """Return the bundle with other limits: `NAME=VALUE`, `NAME=off`, or `off` for no gate at all.

    `Bundle.overrides` then says what was changed. UsageError for what cannot be read, SpecError
    for a limit that there is not or that makes no sense.
    """
    if not given:
        return bundle
    if _OFF in given:
        if len(given) > 1:
            raise UsageError("`--gate off` switches the whole gate off; nothing can be set besides")
        metadata = replace(bundle.metadata, gate=None)
        return replace(bundle, metadata=metadata, overrides=("gate off",))
    gate = bundle.metadata.gate or Gate(remembered_bulbs=None)
    limits = dict(map(_read, given))
    check_limits(limits)
    said = tuple(
        f"{name} {_shown(value)} (in the bundle {_shown(getattr(gate, name))})"
        for name, value in limits.items()
    )
    metadata = replace(bundle.metadata, gate=gate.with_overrides(limits))
    return replace(bundle, metadata=metadata, overrides=said)


def _read(text: str) -> tuple[str, float | None]:
    name, equals, value = text.partition("=")
    try:
        if equals:
            return name, None if value == _OFF else float(value)
    except ValueError:
        pass
    raise UsageError(
        f"`--gate {text}` cannot be read; expected NAME=NUMBER, NAME=off, or off for no gate at all"
    )


def _shown(value: float | None) -> str:
    return _OFF if value is None else f"{value:.10g}"
