"""An application whose answers break after they have begun."""

from trine import App, BackgroundTasks, StreamingResponse

app = App()


@app.get("/stream")
def stream() -> StreamingResponse:
    def chunks():
        yield "begun"
        raise ValueError("too late")

    return StreamingResponse(chunks())


@app.get("/work")
def work(background: BackgroundTasks) -> str:
    def fail() -> None:
        raise ValueError("too late")

    background.add_task(fail)
    return "ok"


@app.get("/secret")
def secret() -> str:
    password = "hunter2"
    raise ValueError(password)
