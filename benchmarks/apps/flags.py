"""A boolean of a query string, for frameworks that leave its conversion to the handler."""

FLAGS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


def flag(text: str) -> bool:
    """Return the boolean that a text spells. Raise ValueError for any other text."""
    try:
        return FLAGS[text]
    except KeyError:
        raise ValueError(text) from None
