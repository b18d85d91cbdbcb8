"""Mistakes that a type checker sees: each marked line must be reported, and no other."""

from trine import APIRouter, App, HTTPException, Request

app = App()
router = APIRouter(prefx="/items")  # refused: call-arg


@app.get("/", status_kode=201)  # refused: call-arg
def index() -> str:
    return "index"


@app.post("/", status_code="created")  # refused: typeddict-item, arg-type
def create(request: Request) -> str:
    return request.query_parameters["q"]  # refused: attr-defined, no-any-return


index("no parameter")  # refused: call-arg
HTTPException("404")  # refused: arg-type
app.get(7)  # refused: arg-type
