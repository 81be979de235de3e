"""How far a study is, and how long it will take: from what runs of the same kind took."""

from collections.abc import Sequence
from statistics import mean

from bulbinspect.study.plan import TIMES_STEPS, PlannedRun

Kind = tuple[str, str]  # arm and budget


class Clock:
    """Keeps what each task took; a task is its runs, of which the first is trained."""

    def __init__(self, tasks: Sequence[Sequence[PlannedRun]]) -> None:
        self.tasks = tasks
        self.left = set(range(len(tasks)))
        self.taken: dict[Kind, list[float]] = {}
        self.latest: PlannedRun | None = None

    def done(self, task: int, seconds: float) -> None:
        """Count a task in; one that was found finished took 0 s and says nothing of others."""
        self.left.discard(task)
        self.latest = self.tasks[task][0]
        if seconds > 0:
            self.taken.setdefault(_kind(self.tasks[task]), []).append(seconds)

    def seconds_left(self, jobs: int) -> float | None:
        """Return the seconds until all are done, `jobs` at a time; None while nothing is known."""
        if not self.left:
            return 0.0
        if not self.taken:
            return None
        per_steps = mean(
            mean(seconds) / TIMES_STEPS[budget] for (_, budget), seconds in self.taken.items()
        )
        total = 0.0
        for task in self.left:
            arm, budget = _kind(self.tasks[task])
            known = self.taken.get((arm, budget))
            total += mean(known) if known else per_steps * TIMES_STEPS[budget]
        return total / max(1, min(jobs, len(self.left)))

    def line(self, jobs: int) -> str:
        """Return how many runs are done, the latest of them, and the time left."""
        runs = sum(map(len, self.tasks))
        done = runs - sum(len(self.tasks[task]) for task in self.left)
        latest = "" if self.latest is None else f", last {self.latest.name}"
        seconds = self.seconds_left(jobs)
        left = "" if seconds is None else f", {_duration(seconds)} left"
        return f"{done} of {runs} runs{latest}{left}"


def _kind(task: Sequence[PlannedRun]) -> Kind:
    return task[0].arm, task[0].budget


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if seconds >= 90 else f"{round(seconds)} s"
