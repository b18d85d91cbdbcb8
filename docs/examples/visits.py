from trine import App, Request
from trine.middleware import SessionMiddleware

app = App()
app.add_middleware(SessionMiddleware)


@app.get("/")
def index(request: Request) -> str:
    visits = request.session.get("visits", 0) + 1
    request.session["visits"] = visits
    return f"This is visit {visits}."
