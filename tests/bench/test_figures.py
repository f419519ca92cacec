"""docs/figures.md: a suite writes its own section, in its place, and no other."""

from pathlib import Path

from tests.support.figures import save, write_section


def test_a_section_takes_the_place_of_what_it_was(tmp_path: Path) -> None:
    page = tmp_path / "figures.md"
    write_section(page, "Security", "old")
    write_section(page, "Benches", "some")

    write_section(page, "Security", "new")

    text = page.read_text()
    assert text.count("## ") == 2
    assert text.index("## Benches\n\nsome\n") < text.index("## Security\n\nnew")
    assert "old" not in text


def test_rows_are_told_with_where_they_were_measured(tmp_path: Path) -> None:
    page = tmp_path / "figures.md"

    save(
        *("soak", "Soak", ["a|b", "n"], [["x|y", 1234.5678]]),
        seed=7,
        page=page,
        kept=tmp_path,
    )

    text = page.read_text()
    assert "| a\\|b | n |\n| --- | --- |\n| x\\|y | 1,235 |" in text
    assert "seed 7" in text
    assert "cores" in text
