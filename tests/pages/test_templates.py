"""Templates: found, escaped, rendered whole, in blocks, as streams, and with the line where they fail."""

import asyncio

import pytest
from jinja2 import TemplateNotFound

from trine import (
    App,
    Settings,
    SetupError,
    app_context,
    csrf_token,
    render_fragment,
    render_template,
    render_template_async,
    render_template_string,
    request,
)
from trine.pages import pages_of, stream_template, stream_template_async, stream_template_string


def test_values_are_escaped_in_html_and_not_in_text(site, client_for):
    app = site({"a.html": "<p title='{{ name }}'>", "a.txt": "{{ name }}"})

    @app.page("/{name}")
    def page(name: str):
        return render_template("a.html", name=name)

    assert client_for(app).get("/'%3Cscript%3E").text == "<p title='&#39;&lt;script&gt;'>"
    with app_context(app):
        assert render_template("a.txt", name="<b>") == "<b>"
        assert render_template_string("{{ name }}", name="<b>") == "&lt;b&gt;"
        assert render_template(["none.html", "a.txt"], name="x") == "x"


def test_filters_tests_and_globals(site):
    app = site()

    @app.template_filter()
    def euros(cents):
        return f"{cents / 100:.2f} €"

    @app.template_test("odd_one")
    def is_odd(number):
        return number % 2 == 1

    @app.template_global()
    def now():
        return "today"

    with app_context(app):
        assert render_template_string("{{ 250|euros }} {{ 3 is odd_one }} {{ now() }}") == "2.50 € True today"

    @app.template_filter("euros")
    def otherwise(cents):
        return "dear"

    with app_context(app):
        assert render_template_string("{{ 250|euros }}") == "dear"


def test_context_processors_give_way_to_values(site, client_for):
    app = site({"a.html": "{{ one }} {{ two }}"})

    @app.context_processor
    def shared():
        return {"one": request.path, "two": "shared"}

    @app.page("/")
    def page():
        return render_template("a.html", two="own")

    assert client_for(app).get("/").text == "/ own"


def test_imported_macros_know_the_request(site, client_for):
    macros = "{% macro here() %}{{ request.path }}{% endmacro %}"
    app = site({"macros.html": macros, "a.html": "{% from 'macros.html' import here %}{{ here() }}"})

    @app.page("/here")
    def page():
        return render_template("a.html")

    assert client_for(app).get("/here").text == "/here"


PAGE = "{% extends 'base.html' %}{% block rows %}{% for row in rows %}<li>{{ row }}{% endfor %}{% endblock %}"


def test_a_fragment_is_one_block(site):
    app = site({"base.html": "<main>{% block rows %}{% endblock %}</main>", "list.html": PAGE})
    with app_context(app):
        assert render_template("list.html", rows=["a"]) == "<main><li>a</main>"
        assert render_fragment("list.html", "rows", rows=["<"]) == "<li>&lt;"
        with pytest.raises(LookupError, match=r"The template 'list\.html' has no block 'row'\. It has: rows\."):
            render_fragment("list.html", "row")


def test_streams_of_templates(site, client_for):
    app = site({"list.html": "{% for row in rows %}{{ row }};{% endfor %}{{ request.path }}"})

    @app.page("/plain")
    def plain():
        return stream_template("list.html", rows=range(100))

    @app.page("/async")
    async def waiting():
        return stream_template_async("list.html", rows=range(3))

    @app.page("/text")
    async def text():
        return stream_template_string("{{ request.path }}{{ '<' }}")

    client = client_for(app)
    assert client.get("/plain").text == "".join(f"{number};" for number in range(100)) + "/plain"
    assert client.get("/async").text == "0;1;2;/async"
    assert client.get("/text").text == "/text&lt;"


def test_a_stream_that_asks_for_its_first_token_too_late_says_so(site, client_for):
    app = site({"form.html": "<p>{{ csrf_token() }}"})

    @app.page("/late")
    def late():
        return stream_template("form.html")

    @app.page("/early")
    def early():
        csrf_token()
        return stream_template("form.html")

    assert len(client_for(app).get("/early").text) == 46
    with pytest.raises(RuntimeError, match="the cookie that it belongs to comes too late"):
        client_for(app).get("/late")


def test_templates_wait_for_async_functions(site, client_for):
    app = site({"a.html": "{{ answer() }}"})

    @app.template_global()
    async def answer():
        await asyncio.sleep(0)
        return "waited"

    @app.page("/")
    async def page():
        return await render_template_async("a.html")

    assert client_for(app).get("/").text == "waited"


def test_a_template_that_is_not_there_names_the_folders(site, tmp_path):
    with app_context(site()), pytest.raises(TemplateNotFound) as raised:
        render_template("none.html")
    assert raised.value.__notes__ == [f"Looked in: {tmp_path}/templates"]


def test_templates_that_cannot_be_read_stop_the_start(site, tmp_path):
    app = site({"good.html": "fine", "bad.html": "<p>\n{% if %}", "worse.html": "{{ 1|nothing }}"})

    @app.page("/")
    def page():
        return "x"

    with pytest.raises(SetupError) as raised:
        app.prepare()
    assert str(raised.value) == (
        "2 problems in the templates:\n"
        "  1. The template 'bad.html' cannot be read: Expected an expression, got 'end of statement block' "
        f"({tmp_path}/templates/bad.html:2)\n"
        f"  2. The template 'worse.html' cannot be read: No filter named 'nothing'. ({tmp_path}/templates/worse.html:1)"
    )


def test_changed_templates_are_read_anew_in_development_alone(site, tmp_path, client_for):
    for mode, after in (("development", "new"), ("production", "old")):
        app = site({"a.html": "old"}, settings=Settings(mode=mode, secret_key="x" * 40))

        @app.page("/")
        def page():
            return render_template("a.html")

        client = client_for(app)
        assert client.get("/").text == "old"
        path = tmp_path / "templates" / "a.html"
        path.write_text("new")
        import os

        os.utime(path, (1, 1))
        assert client.get("/").text == after


def test_the_page_of_an_error_shows_the_line_of_the_template(site, browser_for):
    base = "<main>{% block a %}{% endblock %}"
    page = "{% extends 'base.html' %}\n{% block a %}\n<b>{{ 1 / zero }}</b>\n{% endblock %}"
    app = site({"base.html": base, "a.html": page}, settings=Settings(mode="development"))

    @app.page("/{way}")
    def page(way: str):
        if way == "block":
            return render_fragment("a.html", "a", zero=0)
        return render_template("a.html", zero=0)

    client = browser_for(app, raise_server_exceptions=False)
    for way in ("whole", "block"):
        text = client.get(f"/{way}").text
        assert "ZeroDivisionError" in text
        assert "templates/a.html:3" in text
        assert "&lt;b&gt;{{ 1 / zero }}&lt;/b&gt;" in text


def test_in_production_the_visitor_sees_nothing_of_it(site, browser_for):
    app = site({"a.html": "{{ 1 / zero }}"})

    @app.page("/")
    def page():
        return render_template("a.html", zero=0)

    response = browser_for(app, raise_server_exceptions=False).get("/")
    assert response.status_code == 500
    assert "Something went wrong here" in response.text
    assert "zero" not in response.text
    assert "a.html" not in response.text


def test_folders_and_extensions_of_batteries(site, tmp_path):
    app = site({"own.html": "{% include 'battery.html' %}"})
    (tmp_path / "battery").mkdir()
    (tmp_path / "battery" / "battery.html").write_text("{% do rows.append(1) %}{{ rows }}")
    pages = pages_of(app)
    pages.templates.add_folder(tmp_path / "battery")
    pages.templates.add_extension("jinja2.ext.do")
    with app_context(app):
        assert render_template("own.html", rows=[]) == "[1]"


def test_folders_lie_beside_the_module_of_the_application(tmp_path, load_program):
    program = tmp_path / "shop.py"
    program.write_text("from trine import App\napp = App()\n@app.page('/')\ndef index(): return ''\n")
    assert load_program(program).app.origin == tmp_path


def test_without_jinja_the_error_names_the_extra(tmp_path):
    import subprocess
    import sys

    program = (
        "import sys; sys.modules['jinja2'] = None\n"
        "from trine import App, render_template\n"
        "from trine.testing import TestClient\n"
        "app = App()\n"
        "@app.page('/')\ndef index(): return '<h1>Hello</h1>'\n"
        "@app.page('/t')\ndef t(): return render_template('t.html')\n"
        "with TestClient(app) as client:\n"
        "    assert client.get('/').text == '<h1>Hello</h1>'\n"
        "    try: client.get('/t')\n"
        "    except Exception as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == 'render_template() needs jinja2. Install it with: pip install "trine[pages]"\n'


def test_an_application_without_pages_loads_neither_pages_nor_jinja():
    assert "trine.pages" not in _modules_of("app.get('/')(lambda: {})")
    assert "jinja2" not in _modules_of("app.page('/')(lambda: 'x')")


def _modules_of(line: str) -> set[str]:
    import subprocess
    import sys

    program = f"import sys\nfrom trine import App\napp = App()\n{line}\napp.prepare()\nprint(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())


def test_one_application_does_not_see_the_templates_of_another(site, tmp_path):
    first = site({"a.html": "a"})
    with app_context(first):
        assert render_template("a.html") == "a"
    with app_context(App()), pytest.raises(TemplateNotFound):
        render_template("a.html")
