from trine import App
from trine.middleware import CompressionMiddleware, CORSMiddleware, RequestIDMiddleware

app = App()
app.add_middleware(CompressionMiddleware)
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.org"], allow_credentials=True)
app.add_middleware(RequestIDMiddleware)


@app.get("/prices")
def prices() -> list[float]:
    return [19.5, 21.0]
