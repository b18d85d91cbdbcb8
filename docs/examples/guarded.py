from trine import App
from trine.middleware import CORSMiddleware, GZipMiddleware, RequestIDMiddleware

app = App()
app.add_middleware(GZipMiddleware)
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.org"], allow_credentials=True)
app.add_middleware(RequestIDMiddleware)


@app.get("/prices")
def prices() -> list[float]:
    return [19.5, 21.0]
