import io
import re
import subprocess
import sys

import pytest

from bulbinspect.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that only moves when it is told to: `clock[0] += seconds`."""
    now = [100.0]
    monkeypatch.setattr("bulbinspect.progress.time.monotonic", lambda: now[0])
    return now


def test_pipe_gets_one_line_at_the_end(clock, capsys):
    with progress("Judge bulbs", 4) as advance:
        advance(1)
        clock[0] += 2
        advance(3)
        assert capsys.readouterr() == ("", "")

    assert capsys.readouterr() == ("", "Judge bulbs: 4 of 4 in 2.0 s (2.0 a second, 0 s left)\n")


def test_pipe_gets_a_line_every_ten_seconds_with_rate_and_time_left(clock, capsys):
    with progress("Judge bulbs", 100) as advance:
        for _ in range(5):
            clock[0] += 4
            advance(2)

    assert capsys.readouterr().err.splitlines() == [
        "Judge bulbs: 6 of 100 in 12.0 s (0.5 a second, 188 s left)",
        "Judge bulbs: 10 of 100 in 20.0 s (0.5 a second, 180 s left)",
    ]


def test_unknown_total_has_a_rate_but_no_time_left(clock, capsys):
    with progress("Read", None) as advance:
        clock[0] += 2
        advance(10)

    assert capsys.readouterr().err == "Read: 10 in 2.0 s (5.0 a second)\n"


def test_nothing_done_in_no_time_is_no_division_by_zero(clock, capsys):
    with progress("Read", 5):
        pass

    assert capsys.readouterr().err == "Read: 0 of 5 in 0.0 s (0.0 a second)\n"


def test_error_in_the_block_goes_through(clock, capsys):
    with pytest.raises(ValueError, match="mine"), progress("Read", 5):
        raise ValueError("mine")


def test_terminal_gets_a_bar_with_names_as_they_are(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")

    with progress("Judge [red] bulbs", 3) as advance:
        advance(1)
        advance(2)

    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert "Judge [red] bulbs" in shown
    assert "3/3" in shown
    assert re.search(r"3/3 [0-9,.]+ a second 0:00:00", shown)


def test_error_in_the_block_goes_through_the_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())

    with pytest.raises(ValueError, match="mine"), progress("Read", 5):
        raise ValueError("mine")


def test_pipe_does_not_pay_for_the_import_of_the_bar():
    script = (
        "import sys\nfrom bulbinspect.progress import progress\n"
        "with progress('Read', 1) as advance: advance(1)\n"
        "print('rich' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
