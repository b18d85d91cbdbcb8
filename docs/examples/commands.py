from datetime import date
from typing import Annotated

import click
from pydantic import Field

from trine import App, Depends

app = App()
BOOKINGS = {date(2026, 5, 1): ["ada", "grace"], date(2026, 5, 2): ["alan"]}


def bookings():
    return BOOKINGS


Bookings = Annotated[dict[date, list[str]], Depends(bookings)]


@app.command()
async def remind(
    bookings: Bookings,
    day: date,
    most: Annotated[int, Field(ge=1, description="Remind no more than these.")] = 100,
    dry_run: bool = False,
):
    """Remind the guests of a day."""
    for guest in bookings.get(day, [])[:most]:
        click.echo(f"{'would remind' if dry_run else 'reminded'} {guest}")


rooms = app.commands.group("rooms", help="Rooms and who is in them.")


@rooms.command("close")
@click.confirmation_option(prompt="Close for good?")
def close_room(number: int):
    """Close a room."""
    click.echo(f"room {number} is closed")
