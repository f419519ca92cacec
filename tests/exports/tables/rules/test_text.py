"""The canonical text of a rule: one for all ways to write it."""

import pytest

from exports.tables.rules import parse_rule, rule_text


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (" ( k == v ) ", "k=v"),
        ('"k" != "v w"', 'k!="v w"'),
        ('"no"=1', '"no"=1'),
        ('"severity>"=3', '"severity>"=3'),
        ('"1.2.3.4"', '"1.2.3.4"'),
        ('"example.com" and "plain"', '"example.com" and plain'),
        ("k IN 10.9.9.9 / 8", "k in 10.0.0.0/8"),
        ("10.0.0.0 - 10.0.0.9", "10.0.0.0-10.0.0.9"),
        ("k NOT in *.Example.COM", "k not in *.example.com"),
        (r"/a\/[/]/i".replace("[/]", r"[\/]"), r"/a\/[\/]/i"),
        ("NO(no(a=a))", "no no a=a"),
        ("(a=a)and((b=b)or(c=c))", "a=a and b=b or c=c"),
        ("(a=a and b=b) or c=c", "(a=a and b=b) or c=c"),
        ("a=a and (b=b and c=c)", "a=a and (b=b and c=c)"),
        ("*!=* or * = *", "*!=* or *=*"),
    ],
)
def test_a_rule_has_this_text(written: str, canonical: str) -> None:
    assert rule_text(parse_rule(written)) == canonical


def test_a_rule_as_deep_as_may_be_is_no_deeper_as_canonical_text() -> None:
    rule = parse_rule("(" * 99 + "a=a and (b=b) or c=c" + ") and d=d" * 99)

    assert parse_rule(rule_text(rule)) == rule
