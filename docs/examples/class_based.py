from typing import Annotated

from pydantic import BaseModel

from trine import App, Depends, HTTPException, route_options

NOTES: dict[int, str] = {1: "Buy milk"}


class Note(BaseModel):
    text: str


def open_notes() -> dict[int, str]:
    return NOTES


Notes = Annotated[dict[int, str], Depends(open_notes)]
app = App()


@app.view("/notes")
class NotesView:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    async def get(self, contains: str = "") -> dict[int, str]:
        return {number: text for number, text in self.notes.items() if contains in text}

    @route_options(status_code=201)
    async def post(self, note: Note) -> int:
        """Write a note down."""
        number = max(self.notes, default=0) + 1
        self.notes[number] = note.text
        return number


class NoteView:
    notes: Notes
    number: int

    async def get(self) -> str:
        if self.number not in self.notes:
            raise HTTPException(404)
        return self.notes[self.number]

    async def delete(self) -> None:
        self.notes.pop(self.number, None)


app.add_route("/notes/{number}", NoteView)
