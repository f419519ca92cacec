"""What a rule's text means: each sentence of contract 3.3.7."""

import pytest

from exports.tables.rules import Rule, parse_rule
from exports.tables.rules.tree import (
    And,
    Anything,
    Differ,
    Domain,
    Fuzzy,
    Match,
    Network,
    No,
    Or,
    Regexp,
    Text,
)

A, B, C = (Match(key, Text(key)) for key in "abc")
HOST = Network(4, 0x01020304, 0x01020304)
TEN = Network(4, 0x0A000000, 0x0AFFFFFF)
SIXTH = Network(6, 0x20010DB8 << 96, (0x20010DB9 << 96) - 1)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        # No precedence: what follows the first and/or is one operand.
        ("a=a and b=b or c=c", And((A, Or((B, C))))),
        ("a=a or b=b and c=c", Or((A, And((B, C))))),
        (
            "a=a and b=b and c=c or a=a and b=b",
            And((A, B, Or((C, And((A, B)))))),
        ),
        ("(a=a and b=b) or c=c", Or((And((A, B)), C))),
        ("a=a and (b=b and c=c)", And((A, And((B, C))))),
        ("a=a or b=b or c=c", Or((A, B, C))),
        # Blanks and cases.
        ("(a=a)and(b=b)", And((A, B))),
        ("(a=a)OR(b=b)aNd c=c", Or((A, And((B, C))))),
        (" \t\r\n( a = a ) \n", A),
        ("a=a AND b=b", And((A, B))),
        ("a=a and(b=b)", And((A, B))),
        # No binds tighter than and/or, looser than =.
        ("no a=a and b=b", And((No(A), B))),
        ("no a=a or b=b", Or((No(A), B))),
        ("no (a=a or b=b)", No(Or((A, B)))),
        ("no(a=a)", No(A)),
        ("no(a=a)and(b=b)", And((No(A), B))),
        ("NO no a=a", No(No(A))),
        ("a=a and no b=b", And((A, No(B)))),
        # No, and, or, in, not as keys and texts.
        ("no=1", Match("no", Text("1"))),
        ("no  !=  1", Differ("no", Text("1"))),
        ("no", Fuzzy(Text("no"))),
        ("(no)", Fuzzy(Text("no"))),
        ("no no", No(Fuzzy(Text("no")))),
        ('"no" in 1.2.3.4', Match("no", HOST)),
        ("and and or", And((Fuzzy(Text("and")), Fuzzy(Text("or"))))),
        ("and=or or or=and", Or((Match("and", Text("or")), Match("or", Text("and"))))),
        ("in in 1.2.3.4", Match("in", HOST)),
        ("not not in 1.2.3.4", Differ("not", HOST)),
        ("k=in", Match("k", Text("in"))),
        # = and !=
        ("k==v", Match("k", Text("v"))),
        ("k = v", Match("k", Text("v"))),
        ("k!=v", Differ("k", Text("v"))),
        ("k = *", Match("k", None)),
        ("k != *", Differ("k", None)),
        ("* = v", Match(None, Text("v"))),
        ("*=*", Match(None, None)),
        ("*!=*", Differ(None, None)),
        ("*", Anything()),
        ("* and *", And((Anything(), Anything()))),
        ("1.2.3.4=x", Match("1.2.3.4", Text("x"))),
        ("example.com = x", Match("example.com", Text("x"))),
        ("k=1.2.3.4", Match("k", Text("1.2.3.4"))),
        # Strings.
        (r'"a b"="\u00e9\n\"\\\/"', Match("a b", Text('é\n"\\/'))),
        ('"severity>"=3', Match("severity>", Text("3"))),
        ("k=x>", Match("k", Text("x>"))),
        ("a<b=c", Match("a<b", Text("c"))),
        ('k=""', Match("k", Text(""))),
        ('""', Fuzzy(Text(""))),
        ('"1.2.3.4"', Fuzzy(Text("1.2.3.4"))),
        ("a,b;c'd", Fuzzy(Text("a,b;c'd"))),
        ("blåbær", Fuzzy(Text("blåbær"))),
        # Regular expressions.
        ("/a b/", Fuzzy(Regexp("a b"))),
        ("k=/a/i", Match("k", Regexp("a", ignore_case=True))),
        ("k!=/a/", Differ("k", Regexp("a"))),
        (r"k=/http:\/\/\d/", Match("k", Regexp(r"http://\d"))),
        (r"k=/\\\//", Match("k", Regexp(r"\\/"))),
        ("//", Fuzzy(Regexp(""))),
        (
            "/a/ and /b/i",
            And((Fuzzy(Regexp("a")), Fuzzy(Regexp("b", ignore_case=True)))),
        ),
        # Addresses.
        ("1.2.3.4", Fuzzy(HOST)),
        ("k in 1.2.3.4/32", Match("k", HOST)),
        ("k not in 1.2.3.4", Differ("k", HOST)),
        ("k NOT IN 10.0.0.0/8", Differ("k", TEN)),
        ("k in 10.99.1.7 / 8", Match("k", TEN)),
        ("k in 10.0.0.0-10.255.255.255", Match("k", TEN)),
        ("k in 10.255.255.255 - 10.0.0.0", Match("k", TEN)),
        ("k in 2001:db8::/32", Match("k", SIXTH)),
        ("2001:DB8::/32", Fuzzy(SIXTH)),
        ("* in 10.0.0.0/8", Match(None, TEN)),
        ("10.0.0.0/8 and a=a", And((Fuzzy(TEN), A))),
        ("k in ::ffff:1.2.3.4", Match("k", Network(6, 0xFFFF01020304, 0xFFFF01020304))),
        ("1.2.3.4-_", Fuzzy(Text("1.2.3.4-_"))),
        ("1.2.3.256", Fuzzy(Text("1.2.3.256"))),
        ("12:30:45", Fuzzy(Text("12:30:45"))),
        # Domain names.
        ("k in Example.COM", Match("k", Domain("example.com"))),
        ("k not in *.example.com", Differ("k", Domain("example.com", below=True))),
        ("*.example.com", Fuzzy(Domain("example.com", below=True))),
        ("bücher.example", Fuzzy(Domain("xn--bcher-kva.example"))),
        ("report.txt", Fuzzy(Domain("report.txt"))),
        ("localhost", Fuzzy(Text("localhost"))),
        ("example.123", Fuzzy(Text("example.123"))),
        ("a_b.example", Fuzzy(Text("a_b.example"))),
    ],
)
def test_a_text_is_this_rule(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize("word", ["or", "and"])
def test_a_chain_may_be_thousands_long(word: str) -> None:
    rule = parse_rule(f" {word} ".join(["a=1"] * 7_000))

    assert isinstance(rule, And | Or)
    assert rule.rules == (Match("a", Text("1")),) * 7_000


def test_rules_may_be_nested_a_hundred_deep() -> None:
    text = "(" * 100 + "a=a" + ")" * 100

    assert parse_rule(text) == A
    assert hash(parse_rule("no " * 100 + "a=a")) == hash(
        parse_rule("no " * 100 + "a=a")
    )
