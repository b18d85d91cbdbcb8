"""The `.env` reader: small and strict."""

from pathlib import Path

import pytest

from trine import SetupError
from trine.settings import read_dotenv
from trine.settings.dotenv import parse_dotenv


def values(text: str) -> dict[str, str]:
    return {name: variable.value for name, variable in parse_dotenv(text).items()}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=plain", "plain"),
        ("NAME = spaced out ", "spaced out"),
        ("export NAME=exported", "exported"),
        ("NAME=", ""),
        ("NAME=# nothing", ""),
        ("NAME=value # a comment", "value"),
        ("NAME=a#b", "a#b"),
        ("NAME=a=b", "a=b"),
        ("NAME='single # quoted'", "single # quoted"),
        (r"NAME='no \n escapes'", r"no \n escapes"),
        (r'NAME="tab\tand \"quotes\""', 'tab\tand "quotes"'),
        (r'NAME="back\\slash"', "back\\slash"),
        ('NAME="comment" # after', "comment"),
        ("NAME=$HOME ${HOME}", "$HOME ${HOME}"),
        ('NAME="$HOME"', "$HOME"),
        ("NAME='two\nlines'", "two\nlines"),
        ('NAME="a\n\nb"', "a\n\nb"),
        ("\ufeffNAME=x".removeprefix("\ufeff"), "x"),
    ],
)
def test_value_is_read(line, value):
    assert values(line) == {"NAME": value}


def test_comments_and_empty_lines_say_nothing():
    assert values("# a comment\n\n   \nA=1\n  # another\nB=2\n") == {"A": "1", "B": "2"}


def test_last_of_two_lines_counts_and_knows_its_place():
    found = parse_dotenv("A=1\nA=2\n", "settings.env")
    assert found["A"].value == "2"
    assert found["A"].where == "settings.env:2"


def test_every_bad_line_is_reported_at_once():
    with pytest.raises(SetupError) as refused:
        parse_dotenv('GOOD=1\nno variable\n1A=2\nOPEN=\'never closed\nMORE="a" b\n')
    assert str(refused.value) == (
        "4 problems in .env:\n"
        "  1. This line is no variable. (.env:2) Write NAME=value, or begin with # .\n"
        "  2. This line is no variable. (.env:3) Write NAME=value, or begin with # .\n"
        "  3. The value of OPEN has no closing '. (.env:4) Close it.\n"
        "  4. The value of MORE goes on after its quotes. (.env:5) Put the whole value in quotes."
    )


def test_missing_file_is_empty(tmp_path):
    assert read_dotenv(tmp_path / ".env") == {}


def test_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / ".env"
    path.write_bytes("A=ä".encode("latin-1"))
    with pytest.raises(SetupError) as refused:
        read_dotenv(path)
    assert str(refused.value) == f"{path} cannot be read: it is not UTF-8. Mend the file, or name another with --env-file."


def test_byte_order_mark_is_no_part_of_a_name(tmp_path):
    path = Path(tmp_path / ".env")
    path.write_text("\ufeffA=1\n", encoding="utf-8")
    assert read_dotenv(path)["A"].value == "1"
