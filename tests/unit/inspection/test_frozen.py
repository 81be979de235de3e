from bulbinspect.inspection.frozen import SeenPictures


def pictures(*digests: str) -> list[tuple[str, bytes]]:
    return [(str(view), digest.encode()) for view, digest in enumerate(digests)]


def test_a_picture_is_traced_to_the_bulb_and_view_that_had_it_first():
    seen = SeenPictures(10)
    assert seen.look("a", pictures("p", "q")) == {}
    assert seen.look("b", pictures("r", "s")) == {}
    assert seen.look("c", pictures("q", "t")) == {"0": ("a", "1")}
    assert seen.look("d", pictures("q", "s")) == {"0": ("a", "1"), "1": ("b", "1")}


def test_two_alike_in_one_bulb_are_not_an_earlier_picture():
    seen = SeenPictures(10)
    assert seen.look("a", pictures("p", "p")) == {}
    assert seen.look("b", pictures("x", "p")) == {"1": ("a", "0")}


def test_a_picture_is_forgotten_after_as_many_bulbs():
    seen = SeenPictures(2)
    seen.look("a", pictures("p"))
    seen.look("b", pictures("q"))
    seen.look("c", pictures("r"))
    assert seen.look("d", pictures("p")) == {}
    assert seen.look("e", pictures("r")) == {"0": ("c", "0")}


def test_a_picture_that_keeps_coming_is_never_forgotten():
    seen = SeenPictures(2)
    seen.look("a", pictures("frozen", "0"))
    for number in range(1, 50):
        found = seen.look(f"b{number}", pictures("frozen", f"{number}"))
        assert found == {"0": ("a", "0")}


def test_memory_is_bounded():
    seen = SeenPictures(100)
    for number in range(1000):
        seen.look(f"b{number}", pictures(f"{number}", f"{number}", f"{number // 7}x"))
    assert len(seen._bulbs) == 100
    assert len(seen._seen) <= 200
