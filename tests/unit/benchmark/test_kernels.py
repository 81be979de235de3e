import json
import statistics
import xml.etree.ElementTree as ET
from dataclasses import asdict

import jsonschema
import pytest

from bulbinspect.benchmark import kernels
from bulbinspect.benchmark.kernel_cases import CASES, KernelCase
from bulbinspect.benchmark.kernel_child import main
from bulbinspect.benchmark.kernel_report import markdown, plot, print_kernels
from bulbinspect.benchmark.kernels import claims_of, floor_s, read_kernels, run_kernels
from bulbinspect.errors import UsageError

NUMBER = {"type": "number", "exclusiveMinimum": 0}
SPREAD = {
    "type": "object",
    "required": ["median", "low", "high", "repeats"],
    "properties": {
        "median": NUMBER,
        "low": NUMBER,
        "high": NUMBER,
        "repeats": {"type": "array", "items": NUMBER, "minItems": 1},
    },
}
ROW = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        *("case", "device", "dtype", "malloc", "pass"),
        *("implementation", "chosen", "seconds", "peak_mib"),
    ],
    "properties": {
        "case": {"enum": [case.name for case in CASES]},
        "device": {"enum": ["cpu", "cuda"]},
        "dtype": {"enum": ["float32", "bfloat16"]},
        "malloc": {"enum": ["stock", "raised", "torch"]},
        "pass": {"enum": ["forward", "forward + backward"]},
        "implementation": {"type": "string"},
        "chosen": {"type": "string"},
        "seconds": SPREAD,
        "peak_mib": {"type": "number", "minimum": 0},
    },
}
SCHEMA = {
    "type": "object",
    "required": [
        *("benchmark", "utc", "machine", "settings", "claims"),
        *("cases", "rows", "refused", "speeds", "floors", "trunk"),
    ],
    "properties": {
        "benchmark": {"const": "kernels"},
        "rows": {"type": "array", "items": ROW, "minItems": 1},
        "refused": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"type": "string", "minLength": 10},
            },
        },
        "claims": {
            "type": "object",
            "additionalProperties": {
                "allOf": [SPREAD],
                "required": ["at_most", "met"],
                "properties": {"at_most": NUMBER, "met": {"type": "boolean"}},
            },
        },
        "floors": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["forward", "forward + backward"],
                "additionalProperties": NUMBER,
            },
        },
    },
}
SMALL = KernelCase(name="whole map", shape=(2, 3, 1, 3, 3), filters=1, kernel=(3, 3))


@pytest.fixture(scope="module")
def measured():
    """Measure a small case under its name, in the child's own code but in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "CASES", (SMALL,))
        patch.setattr(kernels, "_child", in_this_process)
        return run_kernels(repeats=2, trunk_shape=(1, 2, 16))


def in_this_process(order):
    order = json.loads(json.dumps(order))
    if order["what"] == "speeds":
        return {"copy_bytes_s": 1e10, "matrix_operations_s": 1e11}
    if order["what"] == "memory" or order.get("memory"):  # would change malloc for all tests
        names = [*order.get("implementations", []), "auto", "fast", "low"]
        passes = {"forward": [2.0, 2.0], "forward + backward": [3.0, 3.0]}
        return {name: [4.0, 4.0] if "shape" in order else passes for name in names}
    return main({**order, "raised": False})


def test_result_follows_its_schema(measured):
    jsonschema.validate(json.loads(json.dumps(measured, allow_nan=False)), SCHEMA)


def test_every_implementation_is_there_in_every_pass_and_malloc_or_refused_with_the_reason(
    measured,
):
    names = {row["implementation"] for row in measured["rows"]}
    assert names == {"auto", *kernels.IMPLEMENTATIONS}
    assert len(measured["rows"]) == len(names) * 2 * 2
    assert measured["refused"] == {"whole map": {}}
    done = in_this_process(
        {
            "what": "time",
            "case": {**asdict(SMALL), "shape": (1, 2, 1, 6, 6)},
            "implementations": ["mosaic", "fold"],
            "repeats": 1,
            "device": "cpu",
            "dtype": "float32",
        }
    )
    assert set(done["seconds"]) == {"fold", "auto"}
    assert "straddle" in done["refused"]["mosaic"]


def test_a_ratio_is_taken_within_its_repeat_against_the_least_median_of_the_others():
    def row(name, seconds, peak):
        return {
            "case": "rgb 200", "device": "cpu", "dtype": "float32", "malloc": "stock",
            "pass": "forward", "implementation": name, "peak_mib": peak,
            "seconds": {"repeats": seconds, "median": statistics.median(seconds)},
        }  # fmt: skip

    claims = claims_of(
        [row("loop_cat", [1.5, 9.0], 50), row("fold", [2.0, 8.0], 0.2), row("auto", [1.0, 6.0], 3)]
    )
    assert claims == {
        "auto / fastest: rgb 200, forward, stock": ([0.5, 0.75], 1.05),
        "auto / loop_cat: rgb 200, forward, stock": ([1.0 / 1.5, 6.0 / 9.0], 0.4),
        "peak of auto / least: rgb 200, forward, stock": ([3.0], 1.1),
    }


def test_the_floor_is_bytes_over_copying_or_operations_over_products():
    case = KernelCase(name="c", shape=(1, 2, 1, 4, 4), filters=3, kernel=(3, 3))
    assert case.output_shape == (1, 2, 3, 2, 2)
    assert case.operations("forward") == 2 * 24 * 9
    assert case.moved_bytes("forward") == 4 * (32 + 24)
    assert case.moved_bytes("forward + backward") == 4 * (32 + 24 + 24 + 64)
    by_bytes = floor_s(case, {"copy_bytes_s": 1.0, "matrix_operations_s": 1e9})
    assert by_bytes["forward"] == 224
    by_work = floor_s(case, {"copy_bytes_s": 1e9, "matrix_operations_s": 1.0})
    assert by_work == {"forward": 432, "forward + backward": 1296}


def test_tables_and_plot_show_every_implementation_and_what_was_missed(measured, capsys):
    claim = dict(measured["claims"]["trunk, low / fast: time"], met=False)
    shown = {**measured, "claims": {**measured["claims"], "trunk, low / fast: time": claim}}
    print_kernels(shown)
    out, text, drawn = capsys.readouterr().out, markdown(shown), plot(shown)
    ET.fromstring(drawn)  # noqa: S314  # our own drawing
    for name in kernels.IMPLEMENTATIONS:
        assert name in out
        assert name in text
        assert f">{name}</text>" in drawn
    assert "missed" in out
    assert "**missed**" in text
    widths = {line.count("|") for line in text.splitlines() if line.startswith("| whole map")}
    assert len(widths) == 2  # times with floor, and peaks


def test_an_unknown_shape_lists_the_known_ones():
    with pytest.raises(UsageError, match="'rgb'; known are rgb 200, 4 views 128"):
        run_kernels(shapes=["rgb"])


def test_a_written_result_is_read_again_and_any_other_file_refused(measured, tmp_path):
    (tmp_path / "kernels.json").write_text(json.dumps(measured), encoding="utf-8")
    assert read_kernels(tmp_path / "kernels.json") == measured
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="is no result of bulbinspect bench kernels"):
        read_kernels(tmp_path / "other.json")
    with pytest.raises(UsageError, match="cannot read"):
        read_kernels(tmp_path / "none.json")


def test_a_fresh_process_measures_the_memory_of_what_is_alive():
    case = {"name": "c", "shape": (1, 16, 1, 256, 256), "filters": 4, "kernel": (1, 1), "stride": 1}
    order = {"case": case, "implementations": ["loop"], "repeats": 2, "what": "memory"}
    peaks = kernels._child({**order, "device": "cpu", "dtype": "float32", "raised": False})
    for peak in peaks["loop"]["forward"]:  # 16 views of 4 maps, and once more when they are joined
        assert peak == pytest.approx(2 * 16 * 4 * 256 * 256 * 4 / 2**20, abs=2)


def test_what_goes_wrong_in_the_process_is_one_line():
    with pytest.raises(UsageError, match="measuring failed: KeyError: 'what'"):
        kernels._child({})
