from __future__ import annotations

import pytest

from replay.canon.url import canonical_url, map_pairs

EQUAL = [
    ("HTTPS://API.Example.com/v1", "https://api.example.com/v1"),
    ("https://api.example.com:443/v1", "https://api.example.com/v1"),
    ("http://api.example.com:80", "http://api.example.com/"),
    ("https://h/p#here", "https://h/p"),
    ("https://h/p?b=2&a=1", "https://h/p?a=1&b=2"),
    ("https://h/p?", "https://h/p"),
]
DIFFERENT = [
    ("https://h/Path", "https://h/path"),
    ("https://h:8443/p", "https://h/p"),
    ("https://h/p?a=1&a=2", "https://h/p?a=2&a=1"),
    ("https://h/p?a=1", "https://h/p"),
    ("https://User@h/p", "https://user@h/p"),
    ("http://h:443/p", "http://h/p"),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_spellings_of_one_url_are_equal(one, other):
    assert canonical_url(one) == canonical_url(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_urls_stay_different(one, other):
    assert canonical_url(one) != canonical_url(other)


def test_each_value_of_a_query_can_be_changed_and_names_stay():
    assert map_pairs("a=1&flag&b=", lambda name, value: f"{name}:{value}") == "a=a:1&flag&b=b:"
