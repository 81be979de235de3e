import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import softmax as scipy_softmax

from bulbinspect.metrics.probability import defect_probability, softmax

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
LOGITS = hnp.arrays(np.float32, (3, 4), elements=FINITE)


@given(LOGITS)
def test_softmax_is_that_of_scipy(logits):
    expected = scipy_softmax(logits.astype(np.float64), axis=-1)
    np.testing.assert_allclose(softmax(logits), expected, rtol=1e-12)


@given(LOGITS, st.integers(0, 3))
def test_defect_probability_is_what_good_leaves(logits, good):
    probabilities = softmax(logits)
    defective = defect_probability(probabilities, good)
    np.testing.assert_allclose(defective, 1 - probabilities[:, good], atol=1e-12)
    assert np.all((defective >= 0) & (defective <= 1))


def test_a_tiny_defect_probability_keeps_its_digits():
    probabilities = softmax(np.array([[50, 0]], np.float32))
    np.testing.assert_allclose(defect_probability(probabilities, 0), [np.exp(-50.0)], rtol=1e-12)
