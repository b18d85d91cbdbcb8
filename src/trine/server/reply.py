"""What every adapter does to a response before it goes out."""

from trine.http import Response

HeaderList = list[tuple[str, str]]


def complete_headers(response: Response, defaults: HeaderList) -> HeaderList:
    """The response's headers, and the application's default ones that it does not set itself."""
    headers = response.headers.items()
    present = {name for name, _ in headers}
    return headers + [line for line in defaults if line[0] not in present]
