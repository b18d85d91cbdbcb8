from trine import App

app = App()


@app.get("/")
def index() -> dict[str, str]:
    return {"message": "Hello"}


@app.get("/squares/{number}")
def square(number: int) -> dict[str, int]:
    return {"number": number, "square": number * number}
