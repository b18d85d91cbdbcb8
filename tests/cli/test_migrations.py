"""The commands for migrations, as one types them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trine.db import registry

SHOP = """
from trine import App
from trine.db import Database, Many, Model, field, many

app = App()
app.install(Database("sqlite:///shop.sqlite3"))


class Author(Model):
    name: str = field(max_length=100)


class Tag(Model):
    word: str = field(max_length=50, unique=True)


class Book(Model):
    title: str = field(max_length=200, index=True)
    author: Author
    tags: Many[Tag] = many()
"""


@pytest.fixture(autouse=True)
def models() -> Iterator[None]:
    """Models that are declared in a test are forgotten after it, and between its commands."""
    with registry.isolated():
        yield


@pytest.fixture
def run(trine, folder):
    """Run a command on a program, as a process that starts anew would."""

    def run_anew(*words: str, program: str = SHOP):
        (folder / "app.py").write_text(program)
        with registry.isolated():
            answer = trine(*words)
        for name in [name for name, module in sys.modules.items() if str(folder) in str(getattr(module, "__file__", ""))]:
            del sys.modules[name]
        return answer

    return run_anew


def test_models_become_migrations_and_migrations_tables(run, folder):
    made = run("makemigrations")
    assert made.status == 0, made
    assert made.out.splitlines()[0] == str(folder / "migrations/app/0001_initial.py")
    assert "Create table book_tags" in made.out
    assert run("makemigrations").out == "Nothing has changed.\n"
    assert run("migrate", "--check").status == 1
    assert run("migrate").out == "Apply app.0001_initial\n"
    assert run("migrate").out == "Nothing to apply.\n"
    assert run("migrate", "--check").status == 0
    shown = run("showmigrations").out
    assert shown.startswith("app\n [X] 0001_initial  20")


def test_a_change_is_shown_before_it_is_made(run, folder):
    run("makemigrations")
    changed = SHOP.replace("title: str = field(max_length=200, index=True)", "title: str\n    pages: int = 0")
    assert run("makemigrations", "--check", program=changed).status == 1
    dry = run("makemigrations", "--dry-run", program=changed).out
    assert 'AddColumn("book", sa.Column("pages", Integer(), nullable=False), fill=0)' in dry
    assert not list(folder.glob("migrations/app/0002*"))
    run("makemigrations", "--name", "pages", program=changed)
    plan = run("migrate", "--plan", program=changed).out
    assert plan.splitlines()[-3:] == [
        "  Drop index ix_book_title of book",
        "  Alter column title of book",
        "  Add column pages to book",
    ]
    sql = run("sqlmigrate", "app", "0001", program=changed).out
    assert "CREATE TABLE author (" in sql
    assert run("sqlmigrate", "app", "0001", "--backwards", program=changed).out.strip().endswith("DROP TABLE author;")


def test_a_rename_has_to_be_said(run):
    run("makemigrations")
    renamed = SHOP.replace("class Author(", "class Writer(").replace("author: Author", "author: Writer")
    asked = run("makemigrations", program=renamed)
    assert asked.status == 1
    assert "Was the table 'author' renamed to 'writer'? Say --rename author=writer, or --no-renames" in asked.err
    assert (
        "--rename autor=writer fits no change."
        in run("makemigrations", "--rename", "autor=writer", "--no-renames", program=renamed).err
    )
    made = run("makemigrations", "--rename", "author=writer", program=renamed)
    assert "  Rename table author to writer" in made.out
    assert run("migrate", program=renamed).status == 0
    assert run("makemigrations", "--check", program=renamed).status == 0


def test_rows_that_are_there_need_a_value(run):
    run("makemigrations")
    more = SHOP.replace("    author: Author\n", "    author: Author\n    isbn: str = field(max_length=20)\n")
    assert "nothing says what the rows get that are there" in run("makemigrations", program=more).err
    assert run("makemigrations", "--fill", "book.isbn=unknown", program=more).status == 0
    assert run("migrate", program=more).status == 0


def test_migrations_go_back(run):
    run("makemigrations")
    run("migrate")
    assert run("migrate", "app", "zero").out.splitlines()[0] == "Unapply app.0001_initial"
    assert run("showmigrations").out == "app\n [ ] 0001_initial\n"
    wrong = run("migrate", "app", "0009")
    assert "The package 'app' has no migration '0009'. There are 0001_initial, and zero." in wrong.err
    assert "There is no package 'ap' with models or migrations. There are: app." in run("migrate", "ap").err


def test_migrations_are_squashed(run, folder):
    run("makemigrations")
    run("migrate")
    more = SHOP.replace("    author: Author\n", "    author: Author\n    pages: int = 0\n")
    run("makemigrations", program=more)
    run("migrate", program=more)
    assert "stands for 2 migrations." in run("squashmigrations", "app", program=more).out
    assert 'sa.Column("pages", Integer(), nullable=False)' in (folder / "migrations/app/0002_squashed.py").read_text()
    assert run("migrate", program=more).out == "Nothing to apply.\n"
    assert run("makemigrations", "--check", program=more).status == 0
    Path(folder / "shop.sqlite3").unlink()
    assert run("migrate", program=more).out == "Apply app.0002_squashed\n"


def test_branches_are_merged(run, folder):
    run("makemigrations")
    one = SHOP.replace("    author: Author\n", "    author: Author\n    pages: int = 0\n")
    run("makemigrations", "--name", "pages", program=one)
    (folder / "migrations/app/0002_pages.py").rename(folder / "pages.py")
    two = SHOP.replace("name: str = field(max_length=100)", "name: str = field(max_length=100)\n    born: int | None = None")
    run("makemigrations", "--name", "born", program=two)
    (folder / "pages.py").rename(folder / "migrations/app/0002_pages.py")
    both = one.replace("name: str = field(max_length=100)", "name: str = field(max_length=100)\n    born: int | None = None")
    branches = run("migrate", program=both)
    assert "0002_born and 0002_pages both come last. Join them: trine makemigrations --merge." in branches.err
    assert run("makemigrations", "--merge", program=both).out.splitlines()[0].endswith("0003_merge_0002_0002.py")
    assert run("migrate", program=both).status == 0
    assert run("makemigrations", "--check", program=both).status == 0


def test_packages_have_histories_of_their_own(run, folder):
    for package, text in {
        "people": "from trine.db import Model\n\n\nclass Person(Model):\n    name: str\n",
        "shop": "from people.models import Person\nfrom trine.db import Model\n\n\nclass Order(Model):\n    buyer: Person\n",
    }.items():
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text("")
        (folder / package / "models.py").write_text(text)
    program = SHOP.partition("class Author")[0] + "import shop.models\n"
    made = run("makemigrations", program=program)
    assert made.status == 0, made
    assert 'dependencies = ["people.0001_initial"]' in (folder / "shop/migrations/0001_initial.py").read_text()
    assert run("migrate", program=program).out == "Apply people.0001_initial\nApply shop.0001_initial\n"
    empty = run("makemigrations", "shop", "--empty", "--name", "fill", program=program)
    assert empty.out.strip() == str(folder / "shop/migrations/0002_fill.py")
