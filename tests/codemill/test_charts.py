import re
import xml.etree.ElementTree as ET

from codemill.charts import DROPPED, KEPT, Bar, Point, Share, histogram, lines, shares

HOSTILE = "<script>alert('1')</script>&\"]]>"


def texts(picture: str) -> str:
    return " ".join(
        "".join(element.itertext()) for element in ET.fromstring(picture).iter() if element.tag.endswith("text")
    )


def test_a_histogram_has_its_bars_its_threshold_and_a_label() -> None:
    bars = [Bar(0.0, 0.1, 5, KEPT), Bar(0.1, 0.2, 3, DROPPED)]
    drawn = histogram("digit_share", "documents by digits", bars, [0.15])
    assert ET.fromstring(drawn).attrib["aria-label"] == "documents by digits"
    assert drawn.count('fill="var(--kept)"') >= 1 and 'fill="var(--dropped)"' in drawn
    assert 'stroke-dasharray="4,3"' in drawn
    assert "digit_share" in texts(drawn) and "dropped by this rule" in texts(drawn)
    assert 'stroke-dasharray="4,3"' not in histogram("digit_share", "", bars)


def test_a_wide_axis_is_labelled_by_powers_of_ten() -> None:
    drawn = histogram("lines", "", [Bar(0, 1, 1, KEPT), Bar(1000, 20_000, 4, KEPT)], wide=True)
    assert {"0", "10", "1k"} <= set(texts(drawn).split())


def test_lines_and_shares_name_their_parts() -> None:
    drawn = lines("step", "nats", "loss", [Point("nl", 0, 3.0), Point("nl", 10, 2.0), Point("mono", 20, 1.5)])
    assert "nl" in texts(drawn) and "mono" in texts(drawn) and drawn.count("var(--line-2)") > 0
    drawn = shares("mixture", [Share("text", "a", 0.4), Share("text", "b", 0.6), Share("tokens", "a", 1.0)])
    assert {"a", "b", "text", "tokens"} <= set(texts(drawn).split())


def test_names_stay_text() -> None:
    for drawn in (
        shares(HOSTILE, [Share(HOSTILE, HOSTILE, 1.0)]),
        lines("step", HOSTILE, HOSTILE, [Point(HOSTILE, 0, 1.0), Point("b", 0, 1.0)]),
        histogram(HOSTILE, HOSTILE, [Bar(0, 1, 1, KEPT)]),
    ):
        assert "<script" not in drawn
        ET.fromstring(drawn)
        assert not re.search(r"\son\w+=|href", drawn)
        assert HOSTILE in texts(drawn) or HOSTILE[:20] in texts(drawn)


def test_a_picture_is_the_same_each_time() -> None:
    points = [Point("a", x, x * x) for x in range(100)]
    assert lines("x", "y", "z", points) == lines("x", "y", "z", points)
