"""Whether the labels of the views, where a manifest gives them, agree with that of the bulb."""

from collections.abc import Sequence

from bulbinspect.bulb import GOOD, Bulb
from bulbinspect.data.check.finding import Finding
from bulbinspect.data.check.places import Places
from bulbinspect.data.view_labels import is_defective_nowhere, view_label, views_against


def find_label_problems(bulbs: Sequence[Bulb], places: Places) -> list[Finding]:
    """Name good bulbs with a view that is not, and defective bulbs all of whose views are good.

    A view without a label says nothing, so a bulb is only held to be without a defect if all its
    views have one.
    """
    findings = []
    for bulb in bulbs:
        if defective := views_against(bulb):
            said = ", ".join(sorted({repr(view_label(view)) for view in defective}))
            places_of = tuple(places.of(bulb, view) for view in defective)
            detail = f"the bulb is {GOOD}, of its views one is {said}"
            findings.append(Finding("view_labels_disagree", detail, places_of))
        elif is_defective_nowhere(bulb):
            detail = f"the bulb is {bulb.label!r}, all its views are {GOOD}"
            findings.append(Finding("view_labels_disagree", detail, (places.of_bulb(bulb),)))
    return findings
