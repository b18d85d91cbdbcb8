"""Form fields and uploaded files."""

from typing import Annotated

import pytest
from pydantic import AliasChoices, BaseModel, BeforeValidator

from trine import App, Depends, File, Form, Request, UploadFile


def missing(name: str) -> dict:
    return {"type": "missing", "loc": ["body", name], "msg": "Field required", "input": None}


@pytest.fixture(params=["urlencoded", "multipart"])
def post(request):
    """Send a form in one of its two encodings."""

    def send(client, data: dict, path: str = "/"):
        if request.param == "urlencoded":
            return client.post(path, data=data)
        pairs = [(name, one) for name, value in data.items() for one in (value if isinstance(value, list) else [value])]
        return client.post(path, files=[(name, (None, value)) for name, value in pairs] or {"_": (None, "")})

    return send


def test_fields(client_for, post):
    app = App()

    @app.post("/")
    async def login(username: Annotated[str, Form()], age: Annotated[int, Form(ge=18)] = 18) -> list:
        return [username, age]

    client = client_for(app)
    assert post(client, {"username": "a", "age": "20"}).json() == ["a", 20]
    assert post(client, {"username": "a"}).json() == ["a", 18]
    assert post(client, {"age": "20"}).json() == {"detail": [missing("username")]}
    assert post(client, {"username": "a", "age": "1"}).json()["detail"][0]["loc"] == ["body", "age"]


def test_an_empty_field_is_a_missing_one(client_for, post):
    app = App()

    @app.post("/")
    async def read(
        needed: Annotated[str, Form()], wished: Annotated[str | None, Form()] = None, default: Annotated[str, Form()] = "d"
    ) -> list:
        return [needed, wished, default]

    client = client_for(app)
    assert post(client, {"needed": "a", "wished": "", "default": ""}).json() == ["a", None, "d"]
    assert post(client, {"needed": ""}).json() == {"detail": [missing("needed")]}


def test_lists(client_for, post):
    app = App()

    @app.post("/")
    async def read(tags: Annotated[list[int], Form()]) -> list[int]:
        return tags

    client = client_for(app)
    assert post(client, {"tags": ["1", "2"]}).json() == [1, 2]
    assert post(client, {"tags": "1"}).json() == [1]


def test_aliases(client_for, post):
    app = App()

    @app.post("/")
    async def read(
        a: Annotated[str, Form(alias="first-name")], b: Annotated[str, Form(validation_alias=AliasChoices("b1", "b2"))]
    ) -> list[str]:
        return [a, b]

    assert post(client_for(app), {"first-name": "x", "b2": "y"}).json() == ["x", "y"]


def test_models(client_for, post):
    class Login(BaseModel):
        username: str
        remember: bool = False

    app = App()

    @app.post("/")
    async def login(form: Annotated[Login, Form()]) -> Login:
        return form

    client = client_for(app)
    assert post(client, {"username": "a", "remember": "on"}).json() == {"username": "a", "remember": True}
    [error] = post(client, {"remember": "on"}).json()["detail"]
    assert (error["type"], error["loc"]) == ("missing", ["body", "username"])


def test_a_body_that_is_no_form(client_for):
    app = App()

    @app.post("/")
    async def login(username: Annotated[str, Form()]) -> str:
        return username

    client = client_for(app)
    assert client.post("/", json={"username": "a"}).json() == {"detail": [missing("username")]}
    assert client.post("/").json() == {"detail": [missing("username")]}


def test_files_as_bytes_and_as_uploads(client_for):
    app = App()

    @app.post("/")
    async def upload(small: Annotated[bytes, File()], large: UploadFile, note: Annotated[str, Form()] = "") -> list:
        return [len(small), large.filename, large.content_type, large.size, (await large.read()).decode(), note]

    answer = client_for(app).post(
        "/", files={"small": ("s.bin", b"\x00\xff"), "large": ("l.txt", b"hello", "text/plain")}, data={"note": "n"}
    )
    assert answer.json() == [2, "l.txt", "text/plain", 5, "hello", "n"]


def test_several_files(client_for):
    app = App()

    @app.post("/uploads")
    async def uploads(files: list[UploadFile]) -> list[str]:
        return [file.filename or "" for file in files]

    @app.post("/bytes")
    async def many(files: Annotated[list[bytes], File()]) -> list[int]:
        return [len(data) for data in files]

    client = client_for(app)
    sent = [("files", ("a", b"1")), ("files", ("b", b"22"))]
    assert client.post("/uploads", files=sent).json() == ["a", "b"]
    assert client.post("/bytes", files=sent).json() == [1, 2]
    assert client.post("/uploads").json() == {"detail": [missing("files")]}


def test_optional_file(client_for):
    app = App()

    @app.post("/")
    async def upload(file: UploadFile | None = None) -> str | None:
        return file and file.filename

    client = client_for(app)
    assert client.post("/").json() is None
    assert client.post("/", files={"file": ("a.txt", b"x")}).json() == "a.txt"


def test_text_where_a_file_is_expected(client_for):
    app = App()

    @app.post("/")
    async def upload(file: UploadFile) -> None: ...

    [error] = client_for(app).post("/", data={"file": "text"}).json()["detail"]
    assert (error["type"], error["loc"], error["msg"]) == (
        "value_error",
        ["body", "file"],
        "Value error, Expected UploadFile, received: <class 'str'>",
    )


def test_a_large_file_comes_through_whole(client_for):
    import hashlib

    app = App(max_body_size=8_000_000)

    @app.post("/")
    async def upload(file: UploadFile) -> str:
        digest = hashlib.sha256()
        while chunk := await file.read(65536):
            digest.update(chunk)
        return digest.hexdigest()

    data = bytes(range(256)) * 16_384
    assert client_for(app).post("/", files={"file": ("big", data)}).json() == hashlib.sha256(data).hexdigest()


def test_a_broken_multipart_body(client_for):
    app = App()

    @app.post("/")
    async def upload(file: UploadFile) -> None: ...

    client = client_for(app)
    refused = client.post("/", content=b"nonsense", headers={"content-type": "multipart/form-data; boundary=x"})
    assert refused.status_code in (400, 422)
    assert client.post("/", content=b"x", headers={"content-type": "multipart/form-data"}).status_code == 400


def test_a_form_larger_than_the_limit(client_for):
    app = App(max_body_size=100)

    @app.post("/")
    async def read(text: Annotated[str, Form()]) -> int:
        return len(text)

    client = client_for(app)
    assert client.post("/", data={"text": "a" * 90}).json() == 90
    assert client.post("/", data={"text": "a" * 200}).status_code == 413
    assert client.post("/", files={"text": (None, "a" * 200)}).status_code == 413


def test_the_form_in_a_dependency_and_in_the_handler_is_one(client_for, post):
    from trine import Depends

    app = App()

    async def user(username: Annotated[str, Form()]) -> str:
        return username.upper()

    @app.post("/")
    async def login(who: Annotated[str, Depends(user)], username: Annotated[str, Form()], request: Request) -> list[str]:
        return [who, username, str((await request.form())["username"])]

    assert post(client_for(app), {"username": "a"}).json() == ["A", "a", "a"]


def test_a_dependency_whose_form_does_not_fit_is_not_called(client_for):
    app = App()
    called = []

    def account(name: Annotated[str, Form(min_length=3)]) -> str:
        called.append(name)
        return name

    @app.post("/")
    async def save(account: Annotated[str, Depends(account)], token: Annotated[str, Form()]) -> str:
        return account

    client = client_for(app)
    assert client.post("/", data={"name": "a", "token": "x"}).json()["detail"][0]["loc"] == ["body", "name"]
    assert client.post("/", data={"token": "x"}).json() == {"detail": [missing("name")]}
    assert called == []


def test_a_file_is_read_as_bytes_and_as_an_upload(client_for):
    app = App()

    def size(file: Annotated[bytes, File()]) -> int:
        return len(file)

    @app.post("/")
    async def save(size: Annotated[int, Depends(size)], file: UploadFile, again: Annotated[bytes, File(alias="file")]) -> list:
        return [size, (await file.read()).decode(), again.decode()]

    assert client_for(app).post("/", files={"file": ("a.txt", b"hello")}).json() == [5, "hello", "hello"]


def test_a_validator_before_a_form_model_sees_everything_and_may_rename(client_for):
    class Named(BaseModel):
        name: str
        tags: list[str] = []

    def rename(form: dict) -> dict:
        return {**form, "name": form.get("legacy", form.get("name"))}

    app = App()

    @app.post("/")
    async def save(named: Annotated[Named, BeforeValidator(rename), Form()]) -> Named:
        return named

    client = client_for(app)
    assert client.post("/", data={"legacy": "a", "tags": "one"}).json() == {"name": "a", "tags": ["one"]}
    assert client.post("/", data={"name": "", "tags": ["one", ""]}).json()["detail"][0]["type"] == "missing"
