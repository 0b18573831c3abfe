"""The value that a program prints last, and what two comparators say of it."""

import ast
import builtins
from collections.abc import Callable, Mapping
from types import CodeType

Comparator = Callable[[object, object], bool]


def run_last_value(
    program: str,
    expected: object,
    comparators: Mapping[str, Comparator],
    report: Callable[[dict[str, object]], None],
    shown: Callable[[BaseException | None], str],
) -> None:
    """Run a program and compare the first argument of its last call of print with what is expected.

    Whether the program came to its end is reported beside it, and not a part of the comparators' verdicts: an
    exception after the right value leaves that value the last one printed.
    """
    printed: list[tuple[object, ...]] = []

    def stacking_print(*values: object, **options: object) -> None:
        printed[:] = [values]
        builtins.print(*values, **options)  # type: ignore[call-overload]

    failure: BaseException | None = None
    try:
        exec(last_value_printed(program), {"__name__": "__main__", "print": stacking_print})
    except BaseException as error:
        failure = error
    answered = bool(printed) and len(printed[0]) > 0
    verdicts: dict[str, object] = {}
    for name, comparator in comparators.items():
        try:
            verdicts[name] = answered and bool(comparator(printed[0][0], expected))
        except Exception:
            verdicts[name] = False
    words = shown(failure) if failure is not None or answered else "printed nothing"
    ended = failure is None or (isinstance(failure, SystemExit) and not failure.code)
    report({**verdicts, "ended": ended, "error": words})


def last_value_printed(program: str) -> CodeType:
    """Compiled, with the value of the last statement printed if that is no call of print already.

    As published: an assignment's value is printed too (and the name gets None), a name that begins with "print"
    counts as print, and a last statement without a value leaves the program as it is.
    """
    tree = ast.parse(program)
    last = tree.body[-1] if tree.body else None
    value = getattr(last, "value", None)
    called = getattr(getattr(value, "func", None), "id", "")
    if isinstance(value, ast.expr) and not called.startswith("print"):
        call = ast.Call(func=ast.Name(id="print", ctx=ast.Load()), args=[value], keywords=[])
        last.value = ast.fix_missing_locations(ast.copy_location(call, value))  # type: ignore[union-attr]
    code: CodeType = compile(tree, "<program>", "exec", dont_inherit=True)
    return code
