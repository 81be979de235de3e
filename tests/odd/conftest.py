"""What the tests of odd files share: how they look at pictures, and inspectors for every form."""

from collections.abc import Callable

import pytest
from tests.odd.odd_file import SIZE

from bulbinspect.bundle.bundle import write_bundle
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.inspection.inspector import Inspector


def spec_of(form: PictureForm) -> PreprocessSpec:
    """Take the pictures at their own size, so that pixels stay what they are."""
    return PreprocessSpec(*SIZE, "pad", form.bit_depth, form.value_range, form.colour)


@pytest.fixture(scope="module")
def inspector(tmp_path_factory, tiny_graph, tiny_metadata) -> Callable[[PictureForm], Inspector]:
    """Make an inspector for pictures of a form; the network sees how bright they are."""
    made: dict[PictureForm, Inspector] = {}

    def make(form: PictureForm) -> Inspector:
        if form not in made:
            spec = spec_of(form)
            path = tmp_path_factory.mktemp("bundle") / "bundle.onnx"
            bundle = write_bundle(path, tiny_graph(spec=spec), tiny_metadata(preprocess=spec))
            made[form] = Inspector(bundle, threads=1)
        return made[form]

    return make
