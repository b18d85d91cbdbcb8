"""What people read where something does not fit: plain words for Pydantic's, in the language of the visitor."""

from typing import Any

from trine.i18n.current import gettext


def N_(message: str) -> str:  # noqa: N802 - the word by which catalogues find messages
    """Mark a message for translation that is said later."""
    return message


FORGED = N_("This has a character in it that cannot be used here.")
NO_CHOICE = N_("Choose one of the options.")
TOO_MANY_ROWS = N_("No more than %(max_length)s, please.")

_WORDS = {
    "missing": N_("This has to be filled in."),
    "string_too_short": N_("Use at least %(min_length)s characters."),
    "string_too_long": N_("Use no more than %(max_length)s characters."),
    "string_pattern_mismatch": N_("This does not have the form that is asked for."),
    "greater_than": N_("This has to be more than %(gt)s."),
    "greater_than_equal": N_("This has to be %(ge)s or more."),
    "less_than": N_("This has to be less than %(lt)s."),
    "less_than_equal": N_("This has to be %(le)s or less."),
    "multiple_of": N_("This has to be a multiple of %(multiple_of)s."),
    "int_parsing": N_("Write a whole number."),
    "int_parsing_size": N_("This number is too large."),
    "int_from_float": N_("Write a whole number."),
    "float_parsing": N_("Write a number."),
    "decimal_parsing": N_("Write a number."),
    "finite_number": N_("Write a number."),
    "date_parsing": N_("Write a date, such as 2026-05-31."),
    "date_from_datetime_parsing": N_("Write a date, such as 2026-05-31."),
    "datetime_parsing": N_("Write a date and a time."),
    "datetime_from_date_parsing": N_("Write a date and a time."),
    "time_parsing": N_("Write a time, such as 14:30."),
    "enum": NO_CHOICE,
    "literal_error": NO_CHOICE,
    "url_parsing": N_("Write an address, such as https://example.org."),
    "url_scheme": N_("Write an address, such as https://example.org."),
    "uuid_parsing": N_("This is no valid identifier."),
    "too_short": N_("Give at least %(min_length)s."),
    "too_long": TOO_MANY_ROWS,
}


_OF_A_KIND = {
    ("string_pattern_mismatch", "email"): N_("Write a mail address, such as ada@example.org."),
    ("value_error", "email"): N_("Write a mail address, such as ada@example.org."),
    ("string_pattern_mismatch", "tel"): N_("Write a telephone number, such as +44 20 7946 0000."),
    ("missing", "file"): N_("Choose a file."),
    ("missing", "select"): NO_CHOICE,
    ("missing", "radio"): NO_CHOICE,
    ("missing", "checkbox"): N_("This has to be ticked."),
}


def words_for(detail: Any, kind: str | None) -> str:
    """The words for one of Pydantic's errors at a kind of field. What a validator of the model's own says is kept."""
    error, context = detail["type"], detail.get("ctx") or {}
    known = _OF_A_KIND.get((error, kind or "")) or _WORDS.get(error)
    if known is not None:
        return gettext(known, **context) if "%(" in known else gettext(known)
    message = str(detail["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    message = message.removeprefix("Input ").strip() or str(detail["msg"])
    text = gettext(message)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
