"""Which exchanges of the recordings that others made are calls to a model, and how many of them we recognise.

``python -m tests.dialects.traffic`` (``make traffic``) prints the table for all of REPLAY_CORPUS, and ends with 1 when
less than :data:`BAR` of the calls are recognised, or of the answers that count tokens are read.

The table of hosts and paths was written from the vendors' API references; the code that recognises has no part in it.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from replay.dialects.dialect import answer_body
from replay.dialects.framing import framed
from replay.dialects.table import find
from replay.errors import CassetteError
from replay.events import Event
from replay.interop.formats import SUFFIXES, read
from replay.interop.loading import suffix

CORPUS = Path(os.environ.get("REPLAY_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
BAR = 0.98

ANY, OPENAI = r"[^/]*", r"(?:api\.openai\.com|[^/]*\.azure\.com|[^/]*\.cognitiveservices\.azure\.com)"
AWS = r"[^/]*\.amazonaws\.com"
GOOGLE = r"(?:[^/]*\.)?googleapis\.com"

CALLS: tuple[tuple[str, str, str, str], ...] = (
    # name, method, host, path
    ("chat completions", "POST", ANY, r".*/chat/completions"),
    ("completions", "POST", ANY, r"(?:.*/v\d+|/openai/deployments/[^/]+|/beta)/completions"),
    ("fill in the middle", "POST", r"api\.(?:mistral\.ai|deepseek\.com)", r".*/fim/completions"),
    ("Mistral agents", "POST", r"api\.mistral\.ai", r"/v1/agents/completions"),
    ("Mistral conversations", "POST", r"api\.mistral\.ai", r"/v1/conversations(?:/[^/]+(?:/restart)?)?"),
    ("responses", "POST", ANY, r".*/(?:v1|openai)/responses"),
    ("a response by its id", "GET", OPENAI, r".*/responses/[^/]+"),
    ("embeddings", "POST", ANY, r".*/(?:v\d+|openai/deployments/[^/]+)/embeddings"),
    ("images", "POST", OPENAI, r".*/images/(?:generations|edits|variations)"),
    ("speech", "POST", OPENAI, r".*/audio/speech"),
    ("transcripts", "POST", OPENAI, r".*/audio/(?:transcriptions|translations)"),
    ("Groq transcripts", "POST", r"api\.groq\.com", r".*/audio/(?:transcriptions|translations)"),
    ("moderations", "POST", r"api\.(?:openai\.com|mistral\.ai)", r"/v1/(?:chat/)?moderations"),
    ("assistants", ".*", OPENAI, r"/(?:v1|openai)/(?:assistants|threads)(?:/.*)?"),
    ("Anthropic messages", "POST", ANY, r".*/v1/messages"),
    ("Anthropic count tokens", "POST", ANY, r".*/v1/messages/count_tokens"),
    ("Anthropic complete", "POST", r"api\.anthropic\.com", r"/v1/complete"),
    ("Gemini", "POST", ANY, r".*/models/[^/]+:(?:generateContent|streamGenerateContent|countTokens)"),
    ("Gemini embeddings", "POST", GOOGLE, r".*/models/[^/]+:(?:embedContent|batchEmbedContents)"),
    ("Gemini interactions", "POST", GOOGLE, r"/v1(?:beta)?/interactions"),
    ("Vertex AI predict", "POST", GOOGLE, r".*/publishers/[^/]+/models/[^/]+:(?:predict|rawPredict|streamRawPredict)"),
    ("Bedrock converse", "POST", AWS, r"/model/.+/converse(?:-stream)?"),
    ("Bedrock invoke", "POST", AWS, r"/model/.+/invoke(?:-with-response-stream)?"),
    ("SageMaker", "POST", AWS, r"/endpoints/[^/]+/invocations(?:-response-stream)?"),
    ("Cohere", "POST", r"api\.cohere\.(?:com|ai)", r"/v[12]/(?:chat|generate|embed|rerank)"),
    ("rerank", "POST", r"api\.(?:voyageai\.com|jina\.ai|together\.xyz)", r"/v1/rerank"),
    ("Ollama", "POST", r"(?:localhost|127\.0\.0\.1)(?::11434)?|ollama\.com", r"/api/(?:chat|generate|embed(?:dings)?)"),
    ("Hugging Face", "POST", r"(?:api-inference\.huggingface\.co|router\.huggingface\.co)", r".*/models/.+"),
    ("Hugging Face endpoint", "POST", r"[^/]*\.endpoints\.huggingface\.cloud", r"/(?:generate|generate_stream)?"),
    ("Replicate", "POST", r"api\.replicate\.com", r"/v1/(?:models/[^/]+/[^/]+/)?predictions"),
    ("Replicate prediction", "GET", r"api\.replicate\.com", r"/v1/predictions/[^/]+"),
    ("Replicate stream", "GET", r"stream[^/]*\.replicate\.(?:com|net)", r"/v1/streams/.*"),
    ("watsonx.ai", "POST", r"[^/]*\.ml\.cloud\.ibm\.com", r"/ml/v1[^/]*/(?:text/|generation/).*"),
    ("Aleph Alpha", "POST", r"api\.aleph-alpha\.com", r"/complete"),
    ("Writer", "POST", r"api\.writer\.com(?::443)?", r"/v1/chat"),
    ("DashScope", "POST", r"dashscope[^/]*\.aliyuncs\.com", r"/api/v1/services/aigc/.*-generation/generation"),
    ("Cloudflare", "POST", r"api\.cloudflare\.com", r"/client/v4/accounts/[^/]+/ai/run/.+"),
)  # fmt: skip
"""Regular expressions for the whole host and the whole path of each call to a model."""

_PATTERNS = [(name, re.compile(method), re.compile(host), re.compile(path)) for name, method, host, path in CALLS]

COUNTS = frozenset({
    "prompttokens", "inputtokens", "outputtokens", "completiontokens", "totaltokens", "prompttokencount",
    "candidatestokencount", "totaltokencount", "inputtokencount", "outputtokencount", "generatedtokencount",
    "generationtokencount", "inputtexttokencount", "promptevalcount", "evalcount", "numtokensprompttotal",
    "numtokensgenerated", "generatedtokens", "totalinputtokens", "totaloutputtokens"
})  # fmt: skip
"""Names under which answers count tokens, in small letters without ``_``."""


def recordings() -> list[Path]:
    return sorted(path for path in CORPUS.rglob("*") if suffix(path) in SUFFIXES)


def exchanges(path: Path) -> tuple[Event, ...]:
    """The exchanges of one recording; none of what is no recording."""
    try:
        return read(path).events
    except CassetteError:
        return ()


def called(event: Event) -> str:
    """The name of the call to a model that the table takes ``event`` for, or empty."""
    url, method = urlsplit(event.request.target), event.request.action.upper()
    path = "/" + unquote(url.path).strip("/")
    found = (
        name
        for name, methods, host, where in _PATTERNS
        if methods.fullmatch(method) and host.fullmatch(url.netloc.rpartition("@")[2].lower()) and where.fullmatch(path)
    )
    return next(found, "")


def counts_tokens(event: Event) -> bool:
    """Whether the answer holds a count of tokens, anywhere and in any frames."""
    if event.answer is None or (event.answer.head and event.answer.head.status >= 400):
        return False
    return any(_counts(each) for each in framed(answer_body(event.answer).data).objects)


def _counts(value: object) -> bool:
    if isinstance(value, list):
        return any(_counts(inner) for inner in value)
    if not isinstance(value, dict):
        return False
    named = (
        isinstance(inner, int) and inner > 0 for key, inner in value.items() if key.lower().replace("_", "") in COUNTS
    )
    return any(named) or any(_counts(inner) for inner in value.values())


@dataclass
class Tally:
    """Of one kind of call: how many, how many recognised, whose answers count tokens, of how many these were read."""

    calls: int = 0
    recognised: int = 0
    counting: int = 0
    read: int = 0
    dialects: Counter[str] = field(default_factory=Counter)


@dataclass
class Report:
    """``missed``: (what went wrong, where) of calls not recognised and usage not read. ``others``: what is no call."""

    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    missed: list[tuple[str, str]] = field(default_factory=list)
    unpriced: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)
    extra: Counter[str] = field(default_factory=Counter)

    def add(self, event: Event, where: str) -> None:
        name, dialect = called(event), find(event.request)
        asked = f"{event.request.action} {event.request.target.partition('?')[0]}"
        if not name:
            (self.extra if dialect else self.others)[f"{dialect.name}: {asked}" if dialect else asked] += 1
            return
        tally = self.tallies[name]
        tally.calls += 1
        if dialect is None:
            self.missed.append((f"not recognised: {asked}", where))
            return
        tally.recognised += 1
        tally.dialects[dialect.name] += 1
        answer = dialect.answer(event.answer)
        if counts_tokens(event) and dialect.does != "count":  # what is asked for is no usage
            tally.counting += 1
            tally.read += answer.usage is not None
            if answer.usage is None:
                self.missed.append((f"usage not read: {dialect.name}", where))
        elif answer.usage is None:
            self.unpriced[_why_none(dialect, answer, event)] += 1

    def share(self, part: str, whole: str) -> float:
        total = sum(getattr(tally, whole) for tally in self.tallies.values())
        return sum(getattr(tally, part) for tally in self.tallies.values()) / max(1, total)

    @property
    def passes(self) -> bool:
        return self.share("recognised", "calls") >= BAR and self.share("read", "counting") >= BAR


def _why_none(dialect, answer, event: Event) -> str:
    if answer.error:
        return f"{dialect.name}: the call failed"
    if dialect.request(event.request).stream:
        return f"{dialect.name}: a stream that tells none"
    return f"{dialect.name}: an answer that tells none"


def survey(paths: list[Path]) -> Report:
    report = Report()
    for path in paths:
        for event in exchanges(path):
            report.add(event, f"{path.relative_to(CORPUS)} #{event.id}")
    return report


def printed(report: Report) -> str:
    lines = [f"{'call':24}{'exchanges':>10}{'recognised':>11}{'count tokens':>13}{'read':>7}  as"]
    for name, tally in sorted(report.tallies.items(), key=lambda item: -item[1].calls):
        numbers = f"{tally.calls:>10}{tally.recognised:>11}{tally.counting:>13}{tally.read:>7}"
        lines.append(f"{name:24}{numbers}  {', '.join(tally.dialects)}")
    lines.append(
        f"\nrecognised {report.share('recognised', 'calls'):.2%}, usage {report.share('read', 'counting'):.2%}"
    )
    for title, counted in (
        ("Calls without usage, by reason", report.unpriced),
        ("Recognised beyond the table", report.extra),
        ("Missed", Counter(reason for reason, _ in report.missed)),
    ):
        lines += ["", f"{title}: {sum(counted.values())}", *(f"{n:>8}  {what}" for what, n in counted.most_common())]
    lines += [f"          {reason}: {where}" for reason, where in report.missed[:20]]
    hosts = Counter(re.sub(r"^(\w+) \w+://([^/]*).*", r"\1 \2", asked) for asked in report.others.elements())
    lines += ["", f"Other exchanges, by host: {hosts.total()}", *(f"{n:>8}  {host}" for host, n in hosts.most_common())]
    return "\n".join(lines)


def main() -> int:
    report = survey(recordings())
    print(printed(report))
    return 0 if report.passes else 1


if __name__ == "__main__":
    sys.exit(main())
