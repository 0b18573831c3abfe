from __future__ import annotations

from evaluation.benchmark_file import BenchmarkFile
from evaluation.conversation import PREFIX
from evaluation.mtpb.problems import problems_of
from evaluation.mtpb.turns import Mode, write_programs
from evaluation.sampling.settings import Settings
from tests.evaluation.own_problems import PROGRAMS, PlannedWriter

ADD, SAY = problems_of(BenchmarkFile("own", "0", PROGRAMS))
SETTINGS = Settings(temperature=0.4, seed=16)


def answer(prompt: str, sample: int) -> str:
    """Answers the last comment, and goes on with one of its own, which is cut."""
    return "x = 1\n# next" if prompt.splitlines()[-1].startswith("# Set") else "print(x)\nprint(y)"


def test_own_outputs_stay_in_the_context_turn_by_turn() -> None:
    writer = PlannedWriter(answer)
    written = write_programs(Mode.MULTI_TURN, ADD, writer, SETTINGS, 2)
    assert [(one.case, one.sample) for one in written] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert written[2].pieces == [
        PREFIX,
        '# Set "x" to 5.\n',
        "x = 1\n\n\n",
        "# Print x plus -5.\n",
        "print(x)\n\n\n",
    ]
    first, second = writer.asked
    assert first[0] == [f'# Import libraries.\n\nimport numpy as np\n\n# Set "x" to {a}.\n' for a in (1, 1, 5, 5)]
    assert second[0][2] == "".join(written[2].pieces[:-1])
    assert [settings.tokens for _, settings, _ in writer.asked] == [20, 20]
    assert first[1].seed != second[1].seed


def test_a_single_turn_holds_all_prompts() -> None:
    writer = PlannedWriter(
        lambda prompt, sample: "def f(): pass\n# more\ndef g(): pass\nprint(1)\nprint(2)\n\n\n\nrest"
    )
    written = write_programs(Mode.SINGLE_TURN, ADD, writer, SETTINGS, 1)
    assert [one.program for one in written] == [
        f'{PREFIX}# Set "x" to {a}.\n# Print x plus {b}.\ndef f(): pass\n# more\ndef g(): pass\nprint(1)\nprint(2)\n\n'
        for a, b in ((1, 2), (5, -5))
    ]
    assert [(settings.tokens, samples) for _, settings, samples in writer.asked] == [(40, 1)]


def test_a_conversation_without_room_ends_and_the_others_go_on() -> None:
    def room(prompt: str) -> int:
        return 10 if "plus 2" in prompt else 20

    one, other = write_programs(Mode.MULTI_TURN, ADD, PlannedWriter(answer, room), SETTINGS, 1)
    assert (len(one.pieces), len(other.pieces)) == (3, 5)


def test_a_conversation_that_has_ended_does_not_begin_again() -> None:
    three = ADD._replace(prompts=("One.", "Two is longer.", "3."))
    written = write_programs(
        Mode.MULTI_TURN,
        three,
        PlannedWriter(answer, lambda prompt: 0 if prompt.endswith("longer.\n") else 99),
        SETTINGS,
        1,
    )
    assert [len(one.pieces) for one in written] == [3, 3]


def test_a_single_turn_takes_the_room_that_is_left() -> None:
    writer = PlannedWriter(answer, lambda prompt: 7 if "5" in prompt else 9)
    write_programs(Mode.SINGLE_TURN, ADD, writer, SETTINGS, 2)
    assert [settings.tokens for _, settings, _ in writer.asked] == [7]
    full = PlannedWriter(answer, lambda prompt: -3)
    written = write_programs(Mode.SINGLE_TURN, SAY, full, SETTINGS, 1)
    assert not full.asked and [len(one.pieces) for one in written] == [2, 2]
