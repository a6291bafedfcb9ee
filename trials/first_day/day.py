"""The steps of the day: what was done, whether it was as documented, and how long it took."""

from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Step:
    """A command that has ended.

    Attributes:
        who: whose terminal.
        command: as it was given.
        code: its exit code.
        processor_seconds: of the command and of the children that it waited for.
        seconds: from its start to its end.
        wrong: what was not as documented; empty if nothing.
    """

    who: str
    command: str
    code: int
    processor_seconds: float
    seconds: float
    wrong: str


@dataclass
class Day:
    """All steps so far."""

    steps: list[Step] = field(default_factory=list)

    def add(self, step: Step) -> None:
        """Add a step, and print it at once."""
        self.steps.append(step)
        print(f"[{step.who}] $ {step.command}: exit code {step.code}\n", flush=True)
        if step.wrong:
            print(f"  NOT AS DOCUMENTED: {step.wrong}", flush=True)

    def compare(self, what: str, found: object, expected: object) -> None:
        """Add what was looked at between two commands."""
        wrong = "" if found == expected else f"found {found!r}, expected {expected!r}"
        self.add(Step("look", what, 0, 0.0, 0.0, wrong))

    @property
    def is_as_documented(self) -> bool:
        """Whether every step was."""
        return not any(step.wrong for step in self.steps)

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table("who", "step", title="The first day")
        for heading in ("processor s", "wall s", "exit code", "outcome"):
            table.add_column(heading, justify="left" if heading == "outcome" else "right")
        for step in self.steps:
            seconds = (f"{step.processor_seconds:.1f}", f"{step.seconds:.1f}", str(step.code))
            numbers = ("", "", "") if step.who == "look" else seconds
            table.add_row(
                step.who, step.command, *numbers, "WRONG" if step.wrong else "as documented"
            )
        console.print(table, markup=False)
