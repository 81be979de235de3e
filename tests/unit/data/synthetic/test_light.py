import numpy as np

from bulbinspect.data.synthetic.light import tilt_normals


def test_normals_of_a_bare_sphere_point_away_from_its_middle():
    x, y = (c.ravel() for c in np.meshgrid(np.linspace(-0.6, 0.6, 13), np.linspace(-0.6, 0.6, 13)))
    radius = np.sqrt(1 - y * y)
    side = x / radius
    nothing = np.zeros_like(x)
    normals = tilt_normals(side, np.sqrt(1 - side * side), -y / radius, nothing, nothing)
    np.testing.assert_allclose(normals.right, x, atol=1e-12)
    np.testing.assert_allclose(normals.up, y, atol=1e-12)
    np.testing.assert_allclose(normals.toward, np.sqrt(1 - x * x - y * y), atol=1e-12)


def test_relief_tilts_normals_as_the_cross_product_of_its_tangents_does():
    """A shallow relief h(angle, height) on a cone of radius 1 + 0.3 z, against differences."""
    amplitude, step = 1e-5, 1e-4

    def relief(angle, z):
        return amplitude * np.sin(5 * angle) * np.cos(4 * z)

    def place(angle, z):
        slant = np.hypot(1, 0.3)  # the relief stands upright on the cone, not on the axis
        lifted = relief(angle, z) / slant
        radius = 1 + 0.3 * z + lifted
        return np.array([radius * np.sin(angle), z - 0.3 * lifted, radius * np.cos(angle)])

    for angle, z in ((0.3, 0.1), (-0.9, 0.4), (1.2, -0.3)):
        around = place(angle + step, z) - place(angle - step, z)
        along = place(angle, z + step) - place(angle, z - step)
        expected = np.cross(along, around) * -1
        expected /= np.linalg.norm(expected)
        if expected[2] < 0:
            expected = -expected
        slope_around = (relief(angle + step, z) - relief(angle - step, z)) / (2 * step)
        slope_along = (relief(angle, z + step) - relief(angle, z - step)) / (2 * step)
        normals = tilt_normals(
            np.array([np.sin(angle)]),
            np.array([np.cos(angle)]),
            np.array([0.3]),
            np.array([slope_around / (1 + 0.3 * z)]),
            np.array([slope_along / np.hypot(1, 0.3)]),
        )
        bare = np.array([np.sin(angle), -0.3, np.cos(angle)]) / np.hypot(1, 0.3)
        tilt = np.array([normals.right[0], normals.up[0], normals.toward[0]]) - bare
        assert np.linalg.norm(tilt) > amplitude  # there is something to compare
        np.testing.assert_allclose(tilt, expected - bare, atol=2e-3 * amplitude)
