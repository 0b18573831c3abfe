import base64
import hashlib
import re

import pytest

from codemill.report.page import about, size
from codemill.report.page import render as render_page


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_340_000, "2.3 MB"), (5e9, "5.0 GB"), (3.25e15, "3,250.0 TB")],
)
def test_sizes(number: float, words: str) -> None:
    assert size(number) == words


@pytest.mark.parametrize(
    ("number", "words"), [(9_999_999, "9,999,999"), (149_231_345, "149.2 M"), (57_000_000_000, "57.0 G")]
)
def test_large_numbers_in_four_digits(number: int, words: str) -> None:
    assert about(number) == words


def test_only_the_pages_own_script_may_run() -> None:
    page = render_page("page.html.j2", [("here", "<b>Here</b>")]).decode()
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert f"script-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy
    assert "&lt;b&gt;Here" in page and "<b>Here" not in page


def test_a_page_fetches_nothing() -> None:
    page = render_page("page.html.j2", []).decode()
    assert not re.search(r"""(src|href)=["'](?!#)|url\(|@import|https?://""", page)
