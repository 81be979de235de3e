import json
from dataclasses import replace

import pytest
from tests.calibrations import calibration_of

from bulbinspect.bulb import ViewsIn
from bulbinspect.imaging.gate import Gate
from bulbinspect.inspection.card import model_card
from bulbinspect.metrics.operating_point import OperatingPoint

HOSTILE = "<img src=x onerror=alert(1)> | `x` # [a](b)"


def leaves(values, before=""):
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def test_the_card_holds_what_the_bundle_says(tiny_bundle):
    point = OperatingPoint(0.7, 0.3, "both", "val", 40, 20, 0.05, 0.1, promise={"max_escape": 0.1})
    bundle = tiny_bundle(
        classes=("good", "crack"),
        operating_point=point,
        min_views=3,
        gate=Gate(min_brightness=0.125),
        model={"name": "siamese", "trunk": "compact"},
        provenance={"seed": 7, "packages": {"torch": "2.10"}},
        reference={"cameras": {"0": [0.1, 0.2]}},
        agreement={"num_bulbs": 200},
    )
    card = model_card(bundle)
    metadata = json.loads(bundle.metadata.to_json())
    for name in ("operating_point", "model", "provenance", "agreement"):
        for key, value in leaves(metadata[name], "operating_point." * (name == "operating_point")):
            said = value if isinstance(value, str) else json.dumps(value)
            assert f"| `{key}` | `{said}` |" in card
    for text in (
        f"# Model card: {bundle.sha256[:12]}\n",
        f"| `sha256` | `{bundle.sha256}` |",
        f"| `bytes` | `{len(bundle.graph)}` |",
        "good bulbs from bulbs with a defect: `crack`.",
        "at least 3 of them must be there.",
        "Below a defect probability of 0.3 a bulb passes, from 0.7 on it is rejected;",
        "Of the 20 defective bulbs there 1 passed, of the 40 good ones 4 were rejected;",
        "| `min_brightness` | `0.125` |",
        "For `drift` it keeps what its bulbs were like.",
        "not calibrated",
    ):
        assert text in card
    assert "No promise" not in card
    assert "min_sharpness" not in card


def promised(rule, low=0.5, high=0.5, **more):
    promise = {"confidence": 0.95, "escape_bound": 0.0481, "overkill_bound": 0.12, **more}
    return OperatingPoint(high, low, rule, "test", 600, 600, 0.03, 0.1, 0.25, 0.125, promise)


def test_a_promise_stands_there_in_words(tiny_bundle):
    asked = {"max_escape": 0.05, "prevalence": 0.01}
    card = model_card(tiny_bundle(operating_point=promised("max_escape", **asked)))
    assert (
        "With a confidence of 95 % at most 4.81 % of all defective bulbs pass, and with the same "
        "confidence at most 12 % of all good ones are rejected, of bulbs that come as those did.\n"
    ) in card
    for text in ("No promise", "on average", "went to review", "Errors cost"):
        assert text not in card


def test_what_a_person_must_look_at_is_said(tiny_bundle):
    band = promised("conformal", 0.25, 0.75, review_share=0.248)
    card = model_card(tiny_bundle(operating_point=band))
    assert (
        "There 25 % of the good bulbs and 12.5 % of the defective ones went to review; of all "
        "bulbs of the line that is 24.8 %.\n"
    ) in card
    assert "The rates that were asked for hold on average" in card


def test_what_errors_cost_is_said(tiny_bundle):
    costs = {"cost_escape": 100.0, "cost_overkill": 1.0, "cost_per_bulb": 0.0525}
    card = model_card(tiny_bundle(operating_point=promised("lowest_cost", **costs)))
    assert "Errors cost 0.0525 per bulb of the line, as counted there.\n" in card


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (None, "were defective; what share is on the line was not stated."),
        (0.002, "were defective, and is that of a line where 0.2 % are, as was stated."),
    ],
)
def test_of_which_line_the_probabilities_are_is_said(tiny_bundle, stated, said):
    fitted = calibration_of(temperature=1.1, bias=0.2, production_prevalence=stated)
    card = model_card(tiny_bundle(calibration=fitted))
    assert f"is calibrated on `val`, where 50 % of the bulbs {said}\n" in card


def test_of_which_bulbs_the_reference_is_is_said(tiny_bundle):
    card = model_card(tiny_bundle(reference={"num_bulbs": 240, "chosen_on": HOSTILE}))
    inert = r"``<img src=x onerror=alert(1)> \| `x` # [a](b)``"
    assert f"For `drift` it keeps what `240` bulbs of {inert} were like." in card


def test_what_a_bundle_lacks_is_said_and_not_left_open(tiny_bundle):
    card = model_card(tiny_bundle())
    for text in (
        "No promise goes with these rates",
        "There is no gate: every view that can be read is judged.",
        "The bundle holds no proof of it.",
        "The bundle does not say.",
        "all of them must be there.",
        "Below a defect probability of 0.5 a bulb passes, from there on it is rejected.",
    ):
        assert text in card
    assert "TODO" not in card
    assert "…" not in card


def test_a_bundle_without_a_good_class_promises_no_verdict(tiny_bundle):
    card = model_card(tiny_bundle(classes=("apple", "pear")))
    assert "It tells `apple`, `pear` apart; it has no good class, so it gives no verdict." in card
    assert "It names the most probable class." in card
    assert "passes" not in card


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("views_in", list(ViewsIn))
def test_every_form_of_pictures_is_put_in_words(tiny_bundle, tiny_metadata, fit, views_in):
    spec = replace(tiny_metadata().preprocess, fit=fit)
    card = model_card(tiny_bundle(preprocess=spec, views_in=views_in))
    assert "16 × 16 px and 8 bits" in card
    assert {"files": "own file", "channels": "channels", "pages": "pages"}[views_in] in card


def test_names_are_data_and_never_markup(tiny_bundle):
    card = model_card(
        tiny_bundle(
            classes=("good", HOSTILE),
            view_names=("0", "1", "2", HOSTILE),
            provenance={HOSTILE: HOSTILE},
        )
    )
    inert = r"``<img src=x onerror=alert(1)> \| `x` # [a](b)``"
    assert card.count("<img") == card.count(inert) == 4
