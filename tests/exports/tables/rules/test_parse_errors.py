"""A rule that cannot be read is refused: what was expected, what stood there, where."""

import pytest

from exports.tables.errors import BadRule
from exports.tables.rules import parse_rule

ORDER = "there is no order here"
PLACE = "Expected an IP address, a network, a range or a domain name"


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 0, "Expected a rule, found the end"),
        ("  ", 2, "Expected a rule, found the end"),
        ("()", 1, "Expected a rule, found ')'"),
        ("= a", 0, "Expected a rule, found '='"),
        ("k=", 2, "Expected a value, found the end"),
        ("k = )", 4, "Expected a value, found ')'"),
        ("k===v", 3, "Expected a value, found '='"),
        ("k! = v", 1, "Expected 'and', 'or' or the end, found '!'"),
        ("k=a/b", 3, "goes in double quotes"),
        ("k=a b", 4, "Expected 'and', 'or' or the end, found 'b'"),
        ("k=\u00a0v", 2, "Expected a value"),
        ("a=a and", 7, "Expected a rule, found the end"),
        ("a=a and )", 8, "Expected a rule, found ')'"),
        ("a=a andb=b", 4, "found 'andb'"),
        ('a=a and"b"', 7, "a blank or a bracket after 'and'"),
        ('"a"and b', 3, "before it stands a blank"),
        ("(a=a", 0, "This bracket is never closed"),
        ("a=a and (b=b or c=c", 8, "This bracket is never closed"),
        ("a=a)", 3, "Expected 'and', 'or' or the end, found ')'"),
        ("(a=a b=b)", 5, "Expected 'and', 'or' or ')', found 'b'"),
        ("no in 1.2.3.4", 6, "found '1.2.3.4'"),
        # There is no order.
        ("severity>=3", 8, ORDER),
        ("severity<=3", 8, ORDER),
        ("severity> != 3", 8, ORDER),
        ("a=a and b> in 1.2.3.4", 9, ORDER),
        ("severity > 3", 9, ORDER),
        ("<=3", 0, ORDER),
        # Strings.
        ('k="x', 2, "These quotes are never closed"),
        (r'k="a\q"', 4, "This is no JSON string"),
        ('k="a\tb"', 4, "This is no JSON string"),
        (r'k="\ud800"', 2, "Half a surrogate pair"),
        ("k=\ud800", 2, "Half a surrogate pair"),
        # Places.
        ("k in", 4, f"{PLACE}, found the end"),
        ("k in example", 5, f"{PLACE}, found 'example'"),
        ("k in example.123", 5, PLACE),
        ("k in *.fi", 5, "a name of two parts at least"),
        ("*.fi", 0, "a name of two parts at least"),
        ("k in 1.2.3.256", 5, PLACE),
        ("k in 01.2.3.4", 5, PLACE),
        ("k in fe80::1%eth0", 5, PLACE),
        ("k in 1.2.3.4/33", 5, "'1.2.3.4/33' is no network and no range"),
        ("1.2.3.4/33", 0, "'1.2.3.4/33' is no network and no range"),
        ("k in 1.2.3.4 - ::1", 5, "is no network and no range"),
        ('k in "example.com"', 5, PLACE),
        ('k in"x"', 4, "a blank after 'in'"),
        ("k not like", 6, "Expected 'in' after 'not', found 'like'"),
        # Regular expressions.
        ("k=/a", 2, "This regular expression is never closed"),
        ("k=/a/x", 5, "found 'x'"),
        ("k=/a(?=b)/", 4, "look-around"),
        ("k=/(?<!a)b/", 3, "look-around"),
        (r"k=/(a)\1/", 6, "backreferences"),
        (r"k=/(?P<n>a)(?P=n)/", 13, "unrecognized flag"),
        (r"k=/\/\/(/", 7, "unclosed group"),
        (r"k=/\é\/[a/", 7, "unclosed character class"),
        ("k=/[/", 3, "unclosed character class"),
        ("k=/*/", 3, "repetition operator missing expression"),
        ("k=/a\\q/", 4, "unrecognized escape sequence"),
        ("k=/(?x)a/", 3, "verbose"),
        ("k=/((a{1,1000}){1,1000}){1,1000}/", 3, "repeats too much"),
        ("k=/(a{0000000001000}){0000000001000}/", 3, "repeats too much"),
        ("k=/a{1000}{1000}/", 3, "repeats too much"),
        (r"k=/\w{500}/", 3, "repeats too much"),
        ("k=/" + "(" * 300 + ")" * 300 + "/", 252, "nested parentheses"),
    ],
)
def test_a_text_is_refused_here_for_this(text: str, position: int, said: str) -> None:
    with pytest.raises(BadRule) as caught:
        parse_rule(text)

    assert caught.value.position == position
    assert said in str(caught.value)
    assert f"position {position}" in str(caught.value)


def test_the_message_shows_where_it_is() -> None:
    with pytest.raises(BadRule) as caught:
        parse_rule("feed=alpha and asn=64500 and cc=FI SE or country=Finland")

    assert str(caught.value) == (
        "Expected 'and', 'or' or the end, found 'SE' "
        "(position 35, near …asn=64500 and cc=FI SE or country=Finlan…)."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a" * 65_537, "at most 65536 characters"),
        ("a" * 5_001, "too large together"),
        ("(" * 101 + "a=a" + ")" * 101, "nested 100 deep"),
        ("(" * 60_000, "nested 100 deep"),
        ("no " * 20_000, "nested 100 deep"),
        ("(no" * 20_000, "nested 100 deep"),
        ("a=1 or b=2 and " * 4_000 + "c=3", "nested 100 deep"),
        ("/" + "a" * 1_001 + "/", "at most 1000 characters"),
        (" or ".join(f"k=/{n}/" for n in range(51)), "at most 50 regular expressions"),
        (" or ".join(rf"k=/\w{{20}}{n}/" for n in range(9)), "too large together"),
        (" or ".join(map(str, range(101))), "at most 100 tests of any key"),
        (" or ".join(f"*={n}" for n in range(101)), "at most 100 tests of any key"),
    ],
    ids=range(12),
)
def test_a_rule_over_a_limit_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadRule, match=said) as caught:
        parse_rule(text)

    assert 0 <= caught.value.position <= 65_536
