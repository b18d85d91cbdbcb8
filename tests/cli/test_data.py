"""The commands for what is in a database, as one types them."""

import asyncio
import csv
import json
import sqlite3
import sys
from collections.abc import Iterator

import pytest

from trine.db import registry
from trine.db.migrations.engine import connect

from ..db.migrations.conftest import empty

PROGRAM = """
from datetime import datetime
from decimal import Decimal
from typing import Any

from trine import App
from trine.db import Database, Many, Model, field, many

app = App()
app.install(Database("sqlite:///shop.sqlite3"))


class Author(Model):
    name: str = field(max_length=100)
    mentor: "Author | None" = None


class Tag(Model):
    word: str = field(max_length=50, unique=True)


class Book(Model):
    title: str = field(max_length=200)
    author: Author
    tags: Many[Tag] = many()
    price: Decimal | None = field(max_digits=8, decimal_places=2, default=None)
    added: datetime | None = None
    data: dict[str, Any] | None = None
"""

FILL = """
ada = await Author.objects.create(id=2, name='Ada')
await Author.objects.create(id=1, name='Bob', mentor=ada)
new = await Tag.objects.create(word='new')
book = await Book.objects.create(title='One, "two"', author=ada, price='9.90', data={'a': [1]}, added='2026-01-02T03:04:05+00:00')
await book.tags.add(new)
await Book.objects.create(title='', author=ada)
"""

# Tables as Django makes them.
DJANGO = """
CREATE TABLE django_content_type (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT, app_label varchar(100) NOT NULL, model varchar(100) NOT NULL);
CREATE TABLE django_migrations (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT, app varchar(255) NOT NULL, name varchar(255) NOT NULL);
CREATE TABLE auth_group (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, name varchar(150) NOT NULL UNIQUE);
CREATE TABLE auth_user (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT, password varchar(128) NOT NULL, last_login datetime NULL,
    is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, date_joined datetime NOT NULL);
CREATE TABLE auth_user_groups (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id integer NOT NULL REFERENCES auth_user (id) DEFERRABLE INITIALLY DEFERRED,
    group_id integer NOT NULL REFERENCES auth_group (id) DEFERRABLE INITIALLY DEFERRED, UNIQUE (user_id, group_id));
CREATE TABLE django_session (
    session_key varchar(40) NOT NULL PRIMARY KEY, session_data text NOT NULL, expire_date datetime NOT NULL);
CREATE TABLE shop_order (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT, "class" varchar(10) NOT NULL, total decimal NOT NULL, save integer NOT NULL,
    buyer_id integer NOT NULL REFERENCES auth_user (id), seller_id integer NULL REFERENCES auth_user (id));
INSERT INTO auth_user VALUES (1, 'x', NULL, 1, 'ada', '2026-01-01 00:00:00');
INSERT INTO auth_group VALUES (1, 'editors');
INSERT INTO auth_user_groups VALUES (1, 1, 1);
INSERT INTO shop_order VALUES (1, 'a', 5, 1, 1, NULL);
"""


@pytest.fixture
def run(trine, folder) -> Iterator:
    """Run a command on a program, as a process that starts anew would."""

    def run_anew(*words: str, program: str = PROGRAM):
        (folder / "app.py").write_text(program)
        with registry.isolated():
            answer = trine(*words)
        for name in [name for name, module in sys.modules.items() if str(folder) in str(getattr(module, "__file__", ""))]:
            del sys.modules[name]
        return answer

    return run_anew


@pytest.fixture
def filled(run):
    """A database with rows."""
    run("makemigrations")
    run("migrate")
    done = run("shell", "-c", FILL)
    assert done.status == 0, done
    return run


def test_the_shell_has_the_models_and_awaits(filled):
    assert filled("shell", "-c", "print(app.title, await Book.objects.count())").out == "Trine 2\n"


def test_rows_are_dumped_in_the_order_of_their_keys_and_loaded_again(filled, folder):
    dumped = filled("dumpdata", "-o", "all.json")
    assert dumped.out == "6 rows in all.json.\n", dumped
    rows = json.loads((folder / "all.json").read_text())
    assert [row["model"] for row in rows] == ["app.Author", "app.Author", "app.Tag", "app.Book", "app.Book", "app.Book.tags"]
    assert rows[3]["fields"]["price"] == "9.90"
    (folder / "shop.sqlite3").unlink()
    filled("migrate")
    assert filled("loaddata", "all.json").out == "6 rows from all.json.\n"
    assert filled("loaddata", "all.json").out == "6 rows from all.json.\n"
    filled("dumpdata", "-o", "again.json")
    assert (folder / "again.json").read_text() == (folder / "all.json").read_text()


def test_one_model_is_written_as_csv(filled, folder):
    assert filled("dumpdata", "app.Book", "--format", "csv", "-o", "books.csv").out == "2 rows in books.csv.\n"
    with open(folder / "books.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[1] == {"id": "2", "title": "", "author_id": "2", "price": r"\N", "added": r"\N", "data": r"\N"}
    before = (folder / "books.csv").read_text()
    filled("shell", "-c", "await Book.objects.all().delete()")
    loaded = filled("loaddata", "books.csv", "--model", "app.Book")
    assert loaded.out == "2 rows from books.csv.\n", loaded
    filled("dumpdata", "app.Book", "--format", "csv", "-o", "books.csv")
    assert (folder / "books.csv").read_text() == before
    assert "CSV takes one model, and these are 4" in filled("dumpdata", "--format", "csv").err


def test_django_s_own_dumps_are_read(filled, folder):
    row = {"model": "app.author", "pk": 7, "fields": {"name": "Eve", "mentor": 2}}
    (folder / "old.json").write_text(json.dumps([row], indent=2))
    assert filled("loaddata", "old.json").status == 0
    assert filled("shell", "-c", "print((await Author.objects.get(id=7)).mentor_id)").out == "2\n"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"model": "app.Nothing", "fields": {}}, "Row 1 of bad.json names no model: 'app.Nothing'."),
        ({"model": "app.Book", "fields": {"titel": "x"}}, "app.Book has no column 'titel'. Did you mean 'title'?"),
        ({"model": "app.Book", "fields": {"price": "much"}}, "app.Book.price is 'much', but"),
    ],
)
def test_a_row_that_does_not_fit_is_named_and_nothing_is_kept(filled, folder, row, said):
    good = {"model": "app.Tag", "fields": {"id": 9, "word": "kept"}}
    (folder / "bad.json").write_text(json.dumps([good, row] if "fits" in said else [row, good]))
    assert said in filled("loaddata", "bad.json").err
    assert filled("shell", "-c", "print(await Tag.objects.count())").out == "1\n"


def test_models_are_written_for_django_s_tables(run, folder):
    connection = sqlite3.connect(folder / "old.sqlite3")
    connection.executescript(DJANGO)
    connection.close()
    source = run("inspectdb", "--url", "sqlite:///old.sqlite3").out
    assert "class User(Model):" in source
    assert "class_: str = field(max_length=10, db_column='class')" in source
    assert 'groups: Many["Group"] = many(through="AuthUserGroups"' in source
    assert "django_migrations" not in source
    ending = "app = App()\napp.install(Database('sqlite:///old.sqlite3'))\n"
    program = f"from trine import App\nfrom trine.db import Database\n{source}\n{ending}"
    ask = (
        "u = await User.objects.prefetch_related('groups').get(username='ada')\nprint(u.is_superuser, [g.name for g in u.groups])"
    )
    assert run("shell", "-c", ask, program=program).out == "True ['editors']\n"
    ask = "print([(o.class_, o.save_, o.buyer_id, o.seller_id) for o in await ShopOrder.objects.filter(buyer__username='ada')])"
    assert run("shell", "-c", ask, program=program).out == "[('a', 1, 1, None)]\n"
    assert run("makemigrations", program=program).out == "Nothing has changed.\n"


# The same on servers, as Django's migrations make them there.
DJANGO_ON = {
    "postgresql": """
CREATE TABLE django_content_type (id integer NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
    app_label varchar(100) NOT NULL, model varchar(100) NOT NULL,
    CONSTRAINT django_content_type_app_label_model_uniq UNIQUE (app_label, model));
CREATE TABLE auth_group (id integer NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, name varchar(150) NOT NULL UNIQUE);
CREATE TABLE auth_user (id integer NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, password varchar(128) NOT NULL,
    last_login timestamp with time zone NULL, is_superuser boolean NOT NULL, username varchar(150) NOT NULL UNIQUE,
    date_joined timestamp with time zone NOT NULL);
CREATE TABLE auth_user_groups (id bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
    user_id integer NOT NULL REFERENCES auth_user (id) DEFERRABLE INITIALLY DEFERRED,
    group_id integer NOT NULL REFERENCES auth_group (id) DEFERRABLE INITIALLY DEFERRED, UNIQUE (user_id, group_id));
CREATE TABLE django_session (session_key varchar(40) NOT NULL PRIMARY KEY, session_data text NOT NULL,
    expire_date timestamp with time zone NOT NULL);
CREATE TABLE shop_order (id bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, token uuid NOT NULL,
    total numeric(8, 2) NOT NULL, data jsonb NULL, words varchar(10)[] NULL, stars smallint NOT NULL CHECK (stars >= 0),
    buyer_id integer NOT NULL REFERENCES auth_user (id) DEFERRABLE INITIALLY DEFERRED)""",
    "mysql": """
CREATE TABLE django_content_type (id integer AUTO_INCREMENT NOT NULL PRIMARY KEY,
    app_label varchar(100) NOT NULL, model varchar(100) NOT NULL, UNIQUE (app_label, model));
CREATE TABLE auth_group (id integer AUTO_INCREMENT NOT NULL PRIMARY KEY, name varchar(150) NOT NULL UNIQUE);
CREATE TABLE auth_user (id integer AUTO_INCREMENT NOT NULL PRIMARY KEY, password varchar(128) NOT NULL,
    last_login datetime(6) NULL, is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE,
    date_joined datetime(6) NOT NULL);
CREATE TABLE auth_user_groups (id bigint AUTO_INCREMENT NOT NULL PRIMARY KEY, user_id integer NOT NULL,
    group_id integer NOT NULL, UNIQUE (user_id, group_id),
    FOREIGN KEY (user_id) REFERENCES auth_user (id), FOREIGN KEY (group_id) REFERENCES auth_group (id));
CREATE TABLE django_session (session_key varchar(40) NOT NULL PRIMARY KEY, session_data longtext NOT NULL,
    expire_date datetime(6) NOT NULL);
CREATE TABLE shop_order (id bigint AUTO_INCREMENT NOT NULL PRIMARY KEY, token uuid NOT NULL,
    total numeric(8, 2) NOT NULL, data json NULL, words longtext NULL, stars smallint UNSIGNED NOT NULL CHECK (stars >= 0),
    buyer_id integer NOT NULL, FOREIGN KEY (buyer_id) REFERENCES auth_user (id))""",
}
ROWS = """;
INSERT INTO auth_user VALUES (1, 'x', NULL, true, 'ada', '2026-01-01 00:00:00');
INSERT INTO auth_group VALUES (1, 'editors');
INSERT INTO auth_user_groups VALUES (1, 1, 1);
INSERT INTO shop_order VALUES (1, '6ba7b810-9dad-11d1-80b4-00c04fd430c8', 5.25, '{"a": 1}', NULL, 3, 1)
"""
ASK = """
user = await User.objects.prefetch_related('groups').get(username='ada')
order = await ShopOrder.objects.select_related('buyer').get()
print(user.is_superuser, [g.name for g in user.groups], user.date_joined.year)
print(order.buyer.username, str(order.token)[:8], order.total, order.data, order.words, order.stars)
"""


@pytest.fixture(params=["postgresql", "mysql"])
def server(request) -> str:
    """An empty database of a server."""
    url: str = request.getfixturevalue({"postgresql": "postgresql_url", "mysql": "mariadb_url"}[request.param])
    asyncio.run(empty(url))
    return url


def test_models_are_written_for_django_s_tables_on_servers(run, folder, server):
    kind = "mysql" if server.startswith("mysql") else "postgresql"

    async def make() -> None:
        async with connect(server) as connection:
            for statement in (DJANGO_ON[kind] + ROWS).split(";"):
                await connection.exec_driver_sql(statement)
            await connection.commit()

    asyncio.run(make())
    source = run("inspectdb", "--url", server).out
    assert "TODO" not in source
    program = f"from trine import App\nfrom trine.db import Database\n{source}\napp = App()\napp.install(Database({server!r}))\n"
    asked = run("shell", "-c", ASK, program=program)
    assert asked.out == "True ['editors'] 2026\nada 6ba7b810 5.25 {'a': 1} None 3\n", asked
    assert run("makemigrations", program=program).out == "Nothing has changed.\n"
    dumped = run("dumpdata", "-o", "all.json", program=program)
    assert dumped.out == "4 rows in all.json.\n", dumped
    assert run("loaddata", "all.json", program=program).out == "4 rows from all.json.\n"


def test_rows_are_dumped_and_loaded_on_servers(run, folder, server):
    program = PROGRAM.replace("sqlite:///shop.sqlite3", server)
    run("makemigrations", program=program)
    assert run("migrate", program=program).status == 0
    assert run("shell", "-c", FILL, program=program).status == 0
    run("dumpdata", "-o", "all.json", program=program)
    asyncio.run(empty(server))
    run("migrate", program=program)
    for _ in range(2):
        assert run("loaddata", "all.json", program=program).out == "6 rows from all.json.\n"
    run("dumpdata", "-o", "again.json", program=program)
    assert (folder / "again.json").read_text() == (folder / "all.json").read_text()
    made = run("shell", "-c", "print((await Author.objects.create(name='next')).id)", program=program)
    assert made.out == "3\n", made


def test_the_database_s_own_program_gets_no_password_as_a_word():
    from sqlalchemy.engine import make_url

    from trine.cli.dbshell import client_of

    words, variables = client_of(make_url("postgresql://ada:secret@db.example:5433/shop"))
    assert (words, variables) == (["psql", "-h", "db.example", "-p", "5433", "-U", "ada", "-d", "shop"], {"PGPASSWORD": "secret"})
    words, variables = client_of(make_url("mysql://ada:secret@db.example/shop"))
    assert words[1:] == ["-h", "db.example", "-u", "ada", "shop"]
    assert variables == {"MYSQL_PWD": "secret"}
