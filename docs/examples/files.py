from pathlib import Path

from trine import App, FileResponse, HTTPException, StaticFiles
from trine.staticfiles import Directory

HERE = Path(__file__).parent / "files_of_a_shop"

app = App()
app.mount("/static", StaticFiles(directory=HERE / "static", immutable="fonts/*"), name="static")
app.frontend("/", directory=HERE / "dist", immutable="assets/*")

reports = Directory([HERE / "reports"])


@app.get("/reports/{path:path}")
async def report(path: str) -> FileResponse:
    found = reports.find(path)
    if found is None or not found.is_file:
        raise HTTPException(404)
    return FileResponse(found.path, filename=Path(found.path).name, stat_result=found.stat)
