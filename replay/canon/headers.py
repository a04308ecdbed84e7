"""Which header fields may be kept with their values. An allow-list: every deny-list tried let a secret through."""

from __future__ import annotations

import re

CREDENTIALS = frozenset({"authorization", "proxy-authorization"})
"""Their scheme stays (RFC 9110, section 11.4)."""

DIGESTS = frozenset({
    "content-digest", "content-md5", "digest", "repr-digest", "x-amz-checksum-crc32", "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme", "x-amz-checksum-sha1", "x-amz-checksum-sha256", "x-amz-content-sha256",
    "x-goog-hash", "x-ms-content-crc64",
})  # fmt: skip
"""Checksums of a body. With one of the body as it was, guesses at what was redacted in it could be tested; a replay
computes those it can anew, and leaves out the others."""

TELLING = re.compile("key|token|secret|auth|password|session|credential|signature")
"""Names of fields whose values are looked out for elsewhere."""

COOKIES = frozenset({"cookie", "set-cookie"})
"""Their cookies keep their names."""

URLS = frozenset({"location", "content-location", "referer", "origin", "link", "x-replay-url"})
"""Kept, but their value is a URL, and redacted as one."""

KEPT = frozenset({
    "age", "allow", "alt-svc", "anthropic-beta", "anthropic-dangerous-direct-browser-access",
    "anthropic-version", "apim-request-id", "azureml-model-session", "cache-control", "cf-cache-status",
    "cf-ray", "connection", "date", "etag", "expect", "expires", "from-cache", "host", "if-match",
    "grpc-accept-encoding", "grpc-debug", "grpc-encoding", "grpc-message", "grpc-previous-rpc-attempts",
    "grpc-retry-pushback-ms", "grpc-status", "grpc-status-details-bin", "grpc-timeout",
    "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive", "last-modified",
    "max-forwards", "mcp-protocol-version", "nel", "openai-beta", "openai-model", "openai-organization",
    "openai-processing-ms", "openai-project", "openai-version", "pragma", "priority", "proxy-authenticate", "range",
    "report-to", "request-id", "retry-after", "retry-after-ms", "sec-websocket-protocol-index", "server",
    "server-timing", "strict-transport-security", "te",
    "timing-allow-origin", "traceparent", "trailer", "transfer-encoding", "upgrade", "user-agent", "vary",
    "via", "warning", "www-authenticate", "x-amz-id-2", "x-amz-request-id", "x-amz-target",
    "x-amzn-bedrock-input-token-count",
    "x-amzn-bedrock-invocation-latency", "x-amzn-bedrock-output-token-count", "x-amzn-errortype",
    "x-amzn-requestid", "x-cloud-trace-context", "x-compute-time", "x-content-type-options", "x-correlation-id",
    "x-envoy-upstream-service-time", "x-frame-options", "x-goog-api-client", "x-groq-region",
    "x-http-method-override", "x-inference-time", "x-model-id", "x-ms-client-request-id", "x-ms-region",
    "x-ms-request-id", "x-powered-by", "x-request-id", "x-requested-with", "x-robots-tag", "x-served-by",
    "x-should-retry", "x-trace-id", "x-xss-protection",
})  # fmt: skip

KEPT_PREFIXES = (
    "accept", "access-control-allow-", "access-control-expose-", "access-control-max-", "access-control-request-",
    "anthropic-ratelimit-", "content-", "cross-origin-", "ratelimit", "sec-fetch-", "sec-websocket-version",
    "x-cache", "x-rate-limit-", "x-ratelimit-", "x-stainless-",
)  # fmt: skip


def is_kept(name: str) -> bool:
    """Whether the field ``name`` (lower case) keeps its value."""
    return name in KEPT or name.startswith(KEPT_PREFIXES)
