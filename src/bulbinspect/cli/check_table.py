"""The findings of a check on a terminal: a table of kinds, then the first of each."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bulbinspect.inspection.text import for_terminal

_PLACES_SHOWN = 4
_WIDTH_OF_A_PIPE = 100


def print_findings(result: Mapping[str, Any], *, show: int) -> None:
    """Print the plain result of a check; `show` findings of each kind, with their places."""
    console = Console(highlight=False, soft_wrap=True)
    title = f"{result['path']}: {result['num_bulbs']} bulbs, {result['num_pictures']} pictures"
    console.print(Text(for_terminal(title), "bold"))
    wide = Console(highlight=False) if console.is_terminal else Console(width=_WIDTH_OF_A_PIPE)
    if result["kinds"]:
        wide.print(_table(result))
    for kind in result["kinds"]:
        findings = [one for one in result["findings"] if one["kind"] == kind["kind"]]
        for text in _section(kind, findings, show):
            console.print(text)
    console.print(_last_line(result))


def _table(result: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("", "kind", "found", "what it is"):
        table.add_column(name, justify="right" if name == "found" else "left")
    for kind in result["kinds"]:
        table.add_row(
            Text(kind["severity"], _style(kind)),
            Text(kind["kind"], _style(kind)),
            str(kind["count"]),
            kind["meaning"],
        )
    return table


def _style(kind: Mapping[str, Any]) -> str:
    return "bold red" if kind["severity"] == "problem" else "cyan"


def _section(
    kind: Mapping[str, Any], findings: list[Mapping[str, Any]], show: int
) -> Iterator[Text]:
    problem = kind["severity"] == "problem"
    shown = findings[:show] if problem else findings
    if not shown:
        return
    yield Text(f"{kind['kind']} ({kind['count']})", _style(kind))
    for finding in shown:
        reason = finding["reason"] if finding["reason"] != kind["kind"] else ""
        places = finding["places"]
        first = f"{reason}: {finding['detail']}" if reason else finding["detail"]
        if len(places) == 1:
            yield _line(f"{_place(places[0])}: {first}")
            continue
        yield _line(first)
        for place in places[:_PLACES_SHOWN]:
            yield _line(f"  {_place(place)}")
        if len(places) > _PLACES_SHOWN:
            yield _line(f"  and {len(places) - _PLACES_SHOWN} more")
    if len(findings) > len(shown):
        yield _line(f"and {len(findings) - len(shown)} more, see --json or --html")
    if problem:
        yield Text(f"  → {kind['advice']}", "dim")
    yield Text("")


def _line(text: str) -> Text:
    return Text("  " + for_terminal(text))


def _place(place: Mapping[str, Any]) -> str:
    words = []
    if place["line"] is not None:
        words.append(f"line {place['line']}")
    if place["bulb_id"]:
        words.append(f"bulb {place['bulb_id']}")
    if place["view"]:
        words.append(f"view {place['view']}")
    if place["path"]:
        part = place["part"]
        words.append(place["path"] + (f" ({part['kind']} {part['index']})" if part else ""))
    words += [place[name] for name in ("split", "label", "how") if place[name]]
    return ", ".join(words)


def _last_line(result: Mapping[str, Any]) -> Text:
    number = result["num_problems"]
    kinds = sum(kind["severity"] == "problem" for kind in result["kinds"])
    if not number:
        return Text("no problems", "bold green")
    return Text(f"{_count(number, 'problem')} of {_count(kinds, 'kind')}", "bold red")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
