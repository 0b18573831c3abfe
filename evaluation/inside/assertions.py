"""A program with its asserts: it passes when it comes to its end."""

from collections.abc import Callable


def run_asserts(
    program: str, report: Callable[[dict[str, object]], None], shown: Callable[[BaseException | None], str]
) -> None:
    """Run a program as OpenAI's harness does, in an empty namespace, where `__name__` is not "__main__".

    What ends it early, sys.exit(0) too, is a failure.
    """
    failure = None
    try:
        exec(compile(program, "<program>", "exec", dont_inherit=True), {})
    except BaseException as error:
        failure = error
    report({"passed": failure is None, "error": shown(failure)})
