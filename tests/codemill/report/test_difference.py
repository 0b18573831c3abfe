from hypothesis import given
from hypothesis import strategies as st

from codemill.report.difference import LONGEST_LINE, MOST_LINES, MOST_ROWS, Row, Side, side_by_side

LINES = st.lists(st.text("ab \t<", max_size=4), max_size=12)


def line(side: Side | None) -> str | None:
    return None if side is None else side.before + side.own + side.after


@given(LINES, LINES)
def test_rows_are_lines_of_the_texts_and_all_that_differ_are_there(left: list[str], right: list[str]) -> None:
    found = side_by_side("\n".join(left).encode(), "\n".join(right).encode())
    a, b = "\n".join(left).split("\n"), "\n".join(right).split("\n")
    seen_a, seen_b = set(), set()
    for row in found.rows:
        if row.left is not None:
            assert line(row.left) == a[row.left.number - 1]
            seen_a.add(row.left.number)
        if row.right is not None:
            assert line(row.right) == b[row.right.number - 1]
            seen_b.add(row.right.number)
        if row.same:
            assert line(row.left) == line(row.right)
    if not found.cut:
        # What is left out on one side is left out on the other, and the same.
        rest_a = [text for number, text in enumerate(a, 1) if number not in seen_a]
        rest_b = [text for number, text in enumerate(b, 1) if number not in seen_b]
        assert rest_a == rest_b


def test_what_two_lines_share_is_told_from_what_they_do_not() -> None:
    (row,) = side_by_side(b"value = alpha + 1", b"value = omega + 1").rows
    assert row == Row(Side(1, "value = ", "alph", "a + 1"), Side(1, "value = ", "omeg", "a + 1"))


def test_a_repeated_end_is_not_counted_twice() -> None:
    (row,) = side_by_side(b"aa", b"aaa").rows
    assert [line(row.left), line(row.right)] == ["aa", "aaa"]


def test_long_texts_and_lines_are_cut() -> None:
    long = "\n".join(f"{number} {'x' * 1000}" for number in range(2 * MOST_LINES))
    found = side_by_side(long.encode(), long.replace("x", "y").encode())
    assert found.cut and len(found.rows) == MOST_ROWS
    assert all(len(line(row.left) or "") <= LONGEST_LINE for row in found.rows)


def test_equal_texts_show_their_beginning() -> None:
    found = side_by_side(b"a\nb", b"a\nb")
    assert [row.same for row in found.rows] == [True, True] and not found.cut
