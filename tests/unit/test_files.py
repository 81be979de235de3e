import json

import pytest

from bulbinspect.files import write_json


def test_json_is_what_was_given_and_ends_with_a_line_end(tmp_path):
    values = {"text": 'é "\n\udcff', "numbers": [1, 0.1, None, True]}
    write_json(tmp_path / "a.json", values)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == values
    assert text.endswith("}\n")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_leaves_the_old_file(tmp_path, number):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(path, {"loss": number})
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.json", "old")]
