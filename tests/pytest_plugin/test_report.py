"""``--replay-report``."""

from __future__ import annotations

from html.parser import HTMLParser

from tests.pytest_plugin.suite import summary

TESTS = """
@pytest.mark.replay
def test_same():
    say("same")

@pytest.mark.replay
def test_changed():
    say("before")
"""


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        assert not {"src", "href", "onclick", "onload"} & {name for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


def changed(suite, text: str = "after") -> None:
    suite.write(TESTS)
    suite.record()
    suite.edit('"before"', repr(text), "tests/test_agent.py")


def test_it_holds_every_verdict_failures_first_and_loads_nothing(suite):
    changed(suite)
    suite.run("--replay-report", "out/report.html").assert_outcomes(passed=1, failed=1)
    page = Page((suite.path / "out/report.html").read_text(encoding="utf-8"))
    assert "replay: 1 matched, 1 diverged" in page.text
    assert page.text.index("test_changed") < page.text.index("test_same")
    assert "your code, a prompt or the input changed" in page.text and '"before" → "after"' in page.text
    assert not {"script", "link", "img", "iframe"} & set(page.tags)


def test_what_a_run_says_cannot_become_markup_or_steer_a_terminal(suite):
    changed(suite, "</pre><script>alert(1)</script>\x1b]0;title\x07\x1b[2J")
    done = suite.run("--replay-report", "report.html")
    source = (suite.path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in source and "&lt;script" in source
    assert "\x1b" not in source and "\x1b]0;" not in done.stdout.str()


def test_the_ini_twin(suite):
    changed(suite)
    suite.edit("[pytest]", "[pytest]\nreplay_report = report.html", "pytest.ini")
    assert summary(suite.run()) == "replay: 1 matched, 1 diverged"
    assert (suite.path / "report.html").is_file()
