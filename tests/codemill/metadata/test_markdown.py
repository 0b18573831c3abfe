import html
import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from codemill.metadata.markdown import Markdown, bullets, fenced, markdown, table
from schemas.names import printable

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
SPECIAL = st.text(alphabet="|`*_[]()<>!&#;~$\\{}:/-+.=ab1 \n\r\t\"'", max_size=30)
TEXTS = st.one_of(st.text(max_size=30), SPECIAL)


def shown(rendered: str) -> str:
    return html.unescape(re.sub(r"</?(p|td)[^>]*>", "", rendered)).strip()


@given(TEXTS)
def test_a_text_in_a_line_reads_as_it_is(text: str) -> None:
    rendered = RENDERER.render(f"x {markdown(text)} x")
    assert shown(rendered) == f"x {printable(text)} x"
    assert set(re.findall(r"<(\w+)", rendered)) == {"p"}


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3))
def test_tables_keep_their_cells(rows: list[tuple[str, str]]) -> None:
    rendered = RENDERER.render(table(("A", "#B"), rows))
    cells = re.findall(r"<td[^>]*>(.*?)</td>", rendered, re.DOTALL)
    assert [shown(cell) for cell in cells] == [printable(cell).strip() or "-" for row in rows for cell in row]
    assert set(re.findall(r"<(\w+)", rendered)) <= set("table thead tbody tr th td".split())


@given(TEXTS)
def test_blocks_of_code_are_closed_by_their_own_fence_only(text: str) -> None:
    (token,) = [t for t in RENDERER.parse(fenced(text, "yaml") + "\n\nafter") if t.type == "fence"]
    assert token.info == "yaml"
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd").rstrip()
    assert token.content.rstrip() == lines.rstrip()


def test_what_is_markdown_is_not_escaped_again() -> None:
    assert markdown(Markdown("[a](b)")) == "[a](b)"
    assert bullets(["a*b", Markdown("**c**")]) == "- a\\*b\n- **c**"
    assert table(("A",), []) == ""


def test_plain_words_stay_readable() -> None:
    assert markdown("mean_line_length < 100") == "mean_line_length \\< 100"
    assert markdown("gs://bucket/*.jsonl") == "gs\\://bucket/\\*.jsonl"
