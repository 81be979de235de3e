"""A learning curve made to never fall is the isotonic regression of scikit-learn."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.isotonic import IsotonicRegression

from bulbinspect.metrics.sample_efficiency import never_falling

AREA = st.one_of(st.sampled_from([0.5, 0.75, 1.0]), st.floats(0, 1))


@given(hnp.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 8)), elements=AREA))
def test_each_row_is_the_isotonic_regression(curves):
    places = np.arange(curves.shape[1])
    expected = [IsotonicRegression().fit_transform(places, one) for one in curves]
    np.testing.assert_allclose(never_falling(curves), expected, atol=1e-12)
