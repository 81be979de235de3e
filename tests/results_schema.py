"""What `results.json` of `bulbinspect compare` must look like."""

from typing import Any

NUMBER = {"type": ["number", "null"]}
COUNT = {"type": "integer", "minimum": 0}
SHARE = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
TEXT = {"type": "string"}
NAME = {"type": "string", "minLength": 1}
BUDGET = {"enum": ["steps", "flops"]}
DIGEST = {"type": "string", "minLength": 1}
SEEDS = {"type": "array", "items": COUNT, "uniqueItems": True}


def exactly(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object with these keys, all of them and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def many(items: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


WITH_ENDS = exactly(mean=NUMBER, low=NUMBER, high=NUMBER, no_interval={"type": ["string", "null"]})
FIGURE = {
    "type": "object",
    "properties": {
        "mean": NUMBER,
        "spread": {"type": ["number", "null"], "minimum": 0},
        "num_runs": COUNT,
        "low": NUMBER,
        "high": NUMBER,
        "no_interval": {"type": ["string", "null"]},
    },
    "required": ["mean", "spread", "num_runs"],
    "additionalProperties": False,
}
RUN = {
    "type": "object",
    "properties": {
        "run": NAME,
        "arm": NAME,
        "budget": BUDGET,
        "num_train": {"type": "integer", "minimum": 1},
        "seed": COUNT,
        "model": DIGEST,
        "num_unjudged": COUNT,
        "val_auroc": SHARE,
        "auroc": SHARE,
        "escape_rate_at_overkill": SHARE,
        "overkill_rate_at_overkill": SHARE,
        "escape_rate": SHARE,
        "overkill_rate": SHARE,
        "orders_changed": SHARE,
        "named_side_right": SHARE,
    },
    "required": ["run", "arm", "budget", "num_train", "seed", "learning_rate", "model", "auroc"],
    "additionalProperties": NUMBER,
}
FACTOR = exactly(
    num_bulbs=COUNT,
    factor=NUMBER,
    low=NUMBER,
    high=NUMBER,
    reached={"type": "boolean"},
    at_least=NUMBER,
    at_most=NUMBER,
    flat={"type": "boolean"},
)
SCHEMA = exactly(
    format_version={"const": 1},
    data=exactly(
        name=NAME,
        data_sha256=DIGEST,
        manifest_sha256=DIGEST,
        preprocess={"type": "object"},
        num_test=COUNT,
        num_test_defective=COUNT,
        num_test_groups=COUNT,
        num_val=COUNT,
    ),
    settings=exactly(
        reference=NAME,
        baseline={"type": ["string", "null"]},
        max_overkill={"const": 0.02},
        num_resamples=COUNT,
        confidence={"const": 0.95},
        seed=COUNT,
    ),
    notes=many(TEXT),
    runs=many(RUN),
    arms=many(
        exactly(
            arm=NAME,
            num_train=COUNT,
            budget=BUDGET,
            credited={"type": "boolean"},
            seeds=SEEDS,
            figures={"type": "object", "additionalProperties": FIGURE},
        )
    ),
    differences=many(
        exactly(
            arm=NAME,
            num_train=COUNT,
            budget=BUDGET,
            reference=NAME,
            reference_budget=BUDGET,
            seeds=SEEDS,
            num_bulbs=COUNT,
            auroc=WITH_ENDS,
            escape_rate_at_overkill=WITH_ENDS,
            mcnemar_p=SHARE,
            mcnemar_holm=SHARE,
            delong_p=SHARE,
            delong_holm=SHARE,
        )
    ),
    sample_efficiency=many(
        exactly(
            arm=NAME,
            reference=NAME,
            sizes=many(COUNT),
            seeds=SEEDS,
            over={"enum": ["groups and seeds", "seeds"]},
            num_bulbs=COUNT,
            factors=many(FACTOR),
        )
    ),
    strata=many(
        exactly(
            of={"enum": ["kind", "place"]},
            stratum=NAME,
            arm=NAME,
            num_train=COUNT,
            budget=BUDGET,
            seeds=SEEDS,
            num_defective=COUNT,
            escape_rate_at_overkill=WITH_ENDS,
            difference={"anyOf": [{"type": "null"}, WITH_ENDS]},
        )
    ),
)
