"""What every application shows on its page: a title, who is signed in, and twenty people with a name that must be escaped."""

from typing import Any

TITLE = "People"
USER = "Ada Lovelace"
_TOWNS = ("Porto", "Łódź", "Saint-Étienne", "Reykjavík", "O'Higgins")


def people() -> list[dict[str, Any]]:
    """Twenty rows, made anew for each page as if they came from a database."""
    return [
        {"number": number, "name": f"Person {number} <{number}>", "town": _TOWNS[number % 5], "born": 1900 + number}
        for number in range(20)
    ]
