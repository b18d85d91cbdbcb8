"""FastAPI, the model called in a plain `def` handler: the server's threads call it one by one."""

from fastapi import FastAPI

from benchmarks.serving.works import chosen

work = chosen()
compute = work.load()
app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
Input, Output = work.input, work.output


@app.post("/predict")
def predict(item: Input) -> Output:
    return compute([item])[0]


@app.get("/health")
async def health() -> dict[str, bool]:
    return {"ok": True}
