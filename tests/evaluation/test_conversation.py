from __future__ import annotations

import pytest

from evaluation.conversation import Conversation, Turn
from schemas.errors import CodemillError

FIRST, SECOND = Turn("Set x to 1.", "x = 1"), Turn("Print x.", "print(x)\n", sample=2)
PREFIX = "# Import libraries.\n\nimport numpy as np\n\n"


def everything(_: str) -> bool:
    return True


def test_a_program_is_wishes_as_comments_with_their_code() -> None:
    conversation = Conversation().then(FIRST).then(SECOND)
    script = f"{PREFIX}# Set x to 1.\nx = 1\n\n# Print x.\nprint(x)\n\n\n"
    assert conversation.script() == script
    assert conversation.prompt("Add 1.", everything) == (f"{script}# Add 1.\n", 0)
    exec(compile(script, "script", "exec"), {})


def test_undoing_leaves_the_conversation_before() -> None:
    conversation = Conversation().then(FIRST)
    assert conversation.then(SECOND).undone() == conversation
    assert conversation.undone() == Conversation() == Conversation().undone()


def test_the_oldest_turns_make_room() -> None:
    conversation = Conversation((FIRST, SECOND, FIRST))
    whole = len(conversation.prompt("z", everything).text)
    for room, dropped in ((whole, 0), (whole - 1, 1), (whole - len(FIRST.text()) - 1, 2), (len(PREFIX) + 4, 3)):
        text, found = conversation.prompt("z", lambda text, room=room: len(text) <= room)  # type: ignore[misc]
        assert found == dropped
        assert text == Conversation(conversation.turns[dropped:]).script() + "# z\n"
    with pytest.raises(CodemillError, match="too long"):
        conversation.prompt("z", lambda _: False)
