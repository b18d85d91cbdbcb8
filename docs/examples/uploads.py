import hashlib
from pathlib import Path
from uuid import uuid4

from trine import App, Request, UploadFile
from trine.http import FormLimits

FOLDER = Path("recordings")

FOLDER.mkdir(exist_ok=True)

app = App()


@app.post("/notes")
async def add_note(title: str, scan: UploadFile) -> dict:
    return {"title": title, "name": scan.filename, "first": (await scan.read(4)).hex()}


@app.post("/recordings", max_body_size=2_000_000_000, timeout=3600, form_limits=FormLimits(max_files=10))
async def add_recordings(request: Request) -> list[dict]:
    added = []
    async for part in request.parts():
        if part.filename is None:
            continue
        digest = hashlib.sha256()
        place = FOLDER / f"{uuid4().hex}.bin"
        size = await part.save(place, digest=digest)
        added.append({"name": part.filename, "stored": place.name, "size": size, "sha256": digest.hexdigest()})
    return added


@app.post("/lines")
async def count_lines(request: Request) -> dict[str, int]:
    lines = {}
    async for part in request.parts():
        lines[part.name] = sum([chunk.count(b"\n") async for chunk in part])
    return lines
