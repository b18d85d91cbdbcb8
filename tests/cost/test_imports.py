"""What importing loads. Every module here is time and memory that each start of each program pays."""

import subprocess
import sys


def loaded_after(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter; return the top-level modules that it loaded, without the standard library's."""
    program = f"import sys\nbefore = set(sys.modules)\n{statement}\nprint(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()} - set(sys.stdlib_module_names)


def test_importing_app_loads_nothing_but_trine_and_the_standard_library():
    assert loaded_after("from trine import App") == {"trine"}


def test_importing_trine_loads_no_room():
    program = "import sys, trine\nprint(*sorted(name for name in sys.modules if name.startswith('trine')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["trine"]


def test_an_application_without_routes_loads_nothing_more():
    assert loaded_after("from trine import App\napp = App()") == {"trine"}


def test_a_bound_application_loads_what_validates_and_encodes_but_no_server_and_no_command_line():
    loaded = loaded_after(
        "from trine import App\napp = App()\n@app.get('/')\ndef index(page: int = 1) -> dict: ...\napp.prepare()"
    )
    assert {"pydantic", "msgspec"} <= loaded
    assert not loaded & {"click", "granian", "watchfiles", "uvicorn", "uvloop", "itsdangerous", "httpx", "httpx2", "anyio"}


def test_forms_load_the_multipart_parser_only_when_one_is_read():
    loaded = loaded_after(
        "from typing import Annotated\nfrom trine import App, Form\napp = App()\n"
        "@app.post('/')\ndef index(name: Annotated[str, Form()]) -> dict: ...\napp.prepare()"
    )
    assert not loaded & {"multipart", "python_multipart"}


def test_declaring_a_command_loads_no_command_line():
    declared = "from trine import App\napp = App()\n@app.command()\ndef greet(name: str): ..."
    assert loaded_after(declared) == {"trine"}


def test_forms_load_neither_templates_nor_languages_nor_mail():
    loaded = loaded_after(
        "from pydantic import BaseModel\nfrom trine import App, ModelForm\nclass Guest(BaseModel):\n    name: str\n"
        "app = App()\n@app.page('/')\ndef index(form: ModelForm[Guest]):\n    return form.render()\napp.prepare()"
    )
    assert not loaded & {"jinja2", "babel", "aiosmtplib", "click", "blinker"}
