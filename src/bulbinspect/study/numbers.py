"""Numbers as a person reads them, with what they are sorted by."""

from collections.abc import Mapping
from typing import Any

from bulbinspect.report.sections import Cell

ABSENT = "–"


def text(value: object) -> Cell:
    """Return a name or another text."""
    return Cell(str(value))


def count(value: float | None) -> Cell:
    """Return a whole number, with thousands set apart."""
    return Cell(ABSENT) if value is None else Cell(f"{value:,.0f}", float(value))


def area(value: float | None) -> Cell:
    """Return an AUROC, or another number from 0 to 1."""
    return Cell(ABSENT) if value is None else Cell(f"{value:.3f}", value)


def percent(value: float | None) -> Cell:
    """Return a share of 1 in per cent."""
    return Cell(ABSENT) if value is None else Cell(f"{100 * value:.1f} %", value)


def amount(value: float | None, unit: str = "") -> Cell:
    """Return a quantity with three digits, and k, M or G before its unit where it is large."""
    if value is None:
        return Cell(ABSENT)
    scaled, prefix = value, ""
    for one in ("k", "M", "G", "T"):
        if abs(scaled) < 999.5:  # what would be shown as 1000
            break
        scaled, prefix = scaled / 1000, one
    return Cell(f"{scaled:.3g} {prefix}{unit}".rstrip(), value)


def p_value(value: float | None) -> Cell:
    """Return a p value."""
    if value is None:
        return Cell(ABSENT)
    return Cell("< 0.001" if value < 0.001 else f"{value:.3f}", value)


def area_with_ends(values: Mapping[str, Any], *, signed: bool = False) -> Cell:
    """Return a mean of areas with the interval that it has."""
    return _with_ends(values, 1.0, "+.3f" if signed else ".3f", "")


def percent_with_ends(values: Mapping[str, Any], *, signed: bool = False) -> Cell:
    """Return a mean of shares in per cent with the interval that it has."""
    return _with_ends(values, 100.0, "+.1f" if signed else ".1f", " %")


def _with_ends(values: Mapping[str, Any], scale: float, form: str, unit: str) -> Cell:
    mean, low, high = (values.get(key) for key in ("mean", "low", "high"))
    if mean is None:
        return Cell(ABSENT)
    shown = f"{scale * mean:{form}}"
    if low is not None and high is not None:
        between = " to " if form.startswith("+") else "–"
        shown += f" ({scale * low:{form}}{between}{scale * high:{form}})"
    return Cell(shown.replace("-", "−") + unit, mean)
