from pydantic import BaseModel

from trine import App, Settings, UploadFile
from trine.storage import Storages

storages = Storages("files", reports="memory://")

app = App(settings=Settings(secret_key="4fKq7Zt1Xw8Rb5Ny2Hd9Lc6Vg3Mp0Js-"))
app.install(storages)


class Upload(BaseModel):
    url: str
    method: str
    headers: dict[str, str]
    token: str


@app.post("/scans")
async def add_scan(scan: UploadFile) -> dict[str, str]:
    info = await storages.default.save(f"scans/{scan.filename}", scan, max_size=5_000_000)
    return {"name": info.name, "link": await storages.default.url(info.name, seconds=60)}


@app.post("/avatars/uploads")
async def start_avatar(filename: str) -> Upload:
    upload = await storages.default.start_upload(
        filename, folder="avatars", content_types=["image/png", "image/jpeg"], max_size=2_000_000
    )
    return Upload(url=upload.url, method=upload.method, headers=upload.headers, token=upload.token)


@app.post("/avatars")
async def finish_avatar(token: str) -> dict[str, str]:
    info = await storages.default.finish_upload(token)
    return {"name": info.name, "link": await storages.default.url(info.name)}


@app.post("/reports/{month}")
def write_report(month: str) -> int:
    lines = (f"{month},{number}\n".encode() for number in range(1000))
    return storages["reports"].sync.save(f"{month}.csv", lines, if_exists="replace").size
