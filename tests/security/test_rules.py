"""Rules that cost more than they should: refused, or answered in bounded time."""

import random
from collections.abc import Callable
from time import process_time

import polars as pl
import pytest

from exports.tables.errors import BadRule
from exports.tables.rules import parse_rule, rule_expr
from tests.security.conftest import Some
from tests.security.tally import Tally

# Of the processor, for one rule over all the rows; what runs away needs minutes.
MOST_S = 20.0
TEXTS = ["a" * 5000, "a" * 5000 + "b", "x" * 2000 + "y", "ab" * 2500, "\u0130" * 1000]
SCHEMA = {"a": pl.String(), "b": pl.String(), "ip": pl.String()}
FRAME = pl.DataFrame(
    [{"a": text, "b": text[::-1], "ip": "192.0.2.1"} for text in TEXTS * 40], SCHEMA
)
REGEXPS = [
    *(r"(a+)+$", r"(a|aa)+$", r"(a|a?)+$", r"(.*a){25}", r"(.*)*x", r"(x+x+)+y"),
    *(
        r"([a-zA-Z]+)*$",
        r"(a?){60}a{60}",
        r"^(a?){500}$",
        r"(((a+)+)+)+b",
        r".*.*.*.*=x",
    ),
    *(r"\w{1,1000}\w{1,1000}", r"(\w{1,50}){1,50}", r"[\w\d\s]{2000}", r"a{60000}"),
    *(r"((a{100}){100}){100}", r"\pL{500}", r"(\w|\W){300}", r"(?i:\u0130)+", r"a**"),
    *("(" * 5000 + "a" + ")" * 5000, "|".join(f"word{n}" for n in range(5000))),
    *("[" + "a-z" * 5000 + "]", ".{0,60000}", "(?:" * 900 + ")" * 900, r"\b" * 20_000),
    *(r"(?=a)a", r"(a)\1", r"(?<!a)b", r"(?P<n>a)(?P=n)", "(?#", "[[:alpha:]]", "\\"),
]
LARGE = [
    *("(" * 30_000 + "a", "no " * 15_000 + "a", "a=a and " * 6000 + "a=a"),
    *("(a=a or " * 99 + "a=a" + ")" * 99, '"' + "\\u0041" * 9000 + '"', "/" * 60_000),
    *(
        '"' * 60_000,
        "a" * 65_537,
        " " * 60_000 + "*",
        "a=" + "\\" * 60_000,
        "!" * 60_000,
    ),
    *("ip in 0.0.0.0/0", "ip in 0.0.0.0 - 255.255.255.255", "ip in ::/0", "*.*.*.*"),
    *("a in *." + "a." * 5000 + "com", " or ".join(f"a=/{n}/" for n in range(60))),
]


def cost_of(text: str, tally: Tally) -> None:
    """Read and run a rule; count what breaks, or takes too long, as a fault."""
    tally.tried += 1
    began = process_time()
    try:
        FRAME.filter(rule_expr(parse_rule(text), SCHEMA))
    except BadRule:
        pass
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
        tally.faults.append(f"{text[:80]}: {error!r}"[:200])
    if process_time() - began > MOST_S:
        tally.faults.append(f"{text[:80]}: {process_time() - began:.0f} s")


@pytest.mark.parametrize("name", ["regular expressions", "large rules", "random rules"])
def test_no_rule_runs_away(
    name: str, some: Some, tally_of: Callable[[str], Tally]
) -> None:
    tally = tally_of(f"rules: {name}")
    rules = {
        "regular expressions": [f"a=/{text.replace('/', '')}/" for text in REGEXPS],
        "large rules": LARGE,
        "random rules": [_random_rule() for _ in range(2000)],
    }
    for text in some(rules[name], 12):
        cost_of(text, tally)
    assert tally.wrong == [], "\n".join(tally.wrong)


def _random_rule() -> str:
    pieces = [*'()[]{}"*=/\\ |.+?^$-', "no ", " and ", " or ", " in ", "a", "b", "ip"]
    pieces += [
        "=/a",
        "/i",
        "{1,9}",
        "\\w",
        "\\d",
        "!=",
        "192.0.2.0/24",
        "é",
        "\0",
        "\n",
    ]
    return "".join(random.choices(pieces, k=random.randint(1, 40)))
