"""An application of files: a directory, a front end, uploads to a folder and to temporary files."""

import os
from pathlib import Path

from trine import App, FileResponse, Request, StaticFiles, UploadFile

SITE = Path(os.environ["FILES_SITE"])
UPLOADS = Path(os.environ["FILES_UPLOADS"])

app = App(max_body_size=300_000_000)
app.mount("/static", StaticFiles(directory=SITE))
app.frontend("/app", directory=SITE)


@app.get("/")
async def status() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/large")
async def large() -> FileResponse:
    return FileResponse(SITE / "large.bin")


@app.post("/save")
async def save(request: Request) -> list[dict]:
    saved = []
    async for part in request.parts():
        saved.append({"name": part.name, "filename": part.filename, "size": await part.save(UPLOADS / part.name)})
        (UPLOADS / part.name).unlink()
    return saved


@app.post("/spool")
async def spool(file: UploadFile) -> dict[str, int | None]:
    return {"size": file.size}
