from trine import App, Request, UploadFile

app = App(max_body_size=1_000_000, timeout=10)


@app.post("/notes")
async def add_note(note: dict) -> dict:
    return note


@app.post("/scans", max_body_size=200_000_000, timeout=300)
async def add_scan(scan: UploadFile) -> dict:
    return {"name": scan.filename, "size": scan.size}


@app.post("/measurements", max_body_size=20_000)
async def add_measurements(request: Request) -> int:
    lines = 0
    async for chunk in request.stream():
        lines += chunk.count(b"\n")
    return lines
