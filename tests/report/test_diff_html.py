from __future__ import annotations

import re
from html.parser import HTMLParser

from replay.diff.document import document
from replay.report.diff_html import page
from tests.report import runs

OURS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "strong", "br", "a", "input", "label", "main",
    "div", "span", "details", "summary", "ol", "li", "code", "pre", "ins", "del",
}  # fmt: skip
VOID = {"meta", "br", "input"}


class Reader(HTMLParser):
    """What a browser sees: tags, attributes, and text; raises when a tag is not closed where it should be."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], "", []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_says_what_differs_and_why():
    read = Reader(page(runs.support()))
    for words in (
        "first difference: step 1 (tool lookup)",
        "sent to Ghent",
        "lost at sea",
        "moved: after step 2 in a",
        "value 8",
    ):
        assert words in read.text
    assert ("href", "#row-1") in read.attributes
    assert read.tags.count("details") == len([row for row in runs.support().rows if row.differs])
    assert "ins" in read.tags and "del" in read.tags


def test_hostile_content_adds_no_tag_no_attribute_and_no_control_character():
    text = page(runs.hostile())
    read = Reader(text)
    assert set(read.tags) <= OURS
    assert {name for name, _ in read.attributes} <= {
        "lang", "charset", "http-equiv", "content", "name", "href", "id", "class", "for", "type",
    }  # fmt: skip
    assert all(value.startswith("#row-") for name, value in read.attributes if name == "href")
    assert "<script>alert(1)</script>" in read.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_nothing_is_loaded_and_no_script_could_run():
    text = page(runs.support())
    assert "default-src 'none'" in text
    assert not re.search(r"<script|src=|@import|url\(|https?:", text)


def test_a_huge_value_is_cut_and_that_is_said():
    found = runs.support()
    change = found.rows[1].changes[0]
    object.__setattr__(change, "after", "x" * 100_000)
    text = page(found)
    assert len(text) < 60_000
    assert "80000 more characters" in text
    assert len(document(found)["rows"][1]["changes"][0]["after"]) == 100_000
