"""Pages, forms and formats in the language of the visitor."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import BaseModel, Field

from trine import App, Blueprint, ModelForm, SetupError, StreamingResponse, render_template, session
from trine.i18n import (
    I18n,
    I18nSettings,
    format_currency,
    format_date,
    format_datetime,
    format_list,
    format_number,
    format_percent,
    format_time,
    format_timedelta,
    get_locale,
    gettext,
    lazy_gettext,
    lazy_ngettext,
    lazy_pgettext,
    ngettext,
    npgettext,
    pgettext,
)
from trine.testing import run_command

GERMAN = """
msgid "Hello %(name)s"
msgstr "Guten Tag, %(name)s"

msgid "One apple"
msgid_plural "%(num)s apples"
msgstr[0] "Ein Apfel"
msgstr[1] "%(num)s Äpfel"

msgctxt "month"
msgid "May"
msgstr "Mai"

msgid "May"
msgstr "Darf"

msgid "Broken %(name)s"
msgstr "Kaputt %(nam)s"
"""
POLISH = """
msgid "One apple"
msgid_plural "%(num)s apples"
msgstr[0] "Jedno jabłko"
msgstr[1] "%(num)s jabłka"
msgstr[2] "%(num)s jabłek"
"""
DE = {"accept-language": "de-AT,de;q=0.9,en;q=0.5"}
SPOKEN = lazy_gettext("Hello %(name)s", name="lazy")


@pytest.fixture
def app(site, translate) -> App:
    translate("de", GERMAN)
    translate("pl", POLISH)
    app = site()
    app.install(I18n())
    return app


def test_a_page_speaks_the_language_of_the_browser(app, client_for):
    @app.page("/")
    def index():
        return gettext("Hello %(name)s", name="Ada")

    @app.get("/api")
    async def api() -> str:
        return gettext("Hello %(name)s", name="Ada")

    @app.get("/silent")
    async def silent() -> str:
        return "nothing"

    client = client_for(app)
    german = client.get("/", headers=DE)
    assert (german.text, german.headers["content-language"]) == ("Guten Tag, Ada", "de")
    assert {"accept-language", "cookie"} <= {one.strip().lower() for one in german.headers["vary"].split(",")}
    assert client.get("/", headers={"accept-language": "fr"}).text == "Hello Ada"
    assert client.get("/api", headers=DE).json() == "Guten Tag, Ada"
    said = client.get("/silent", headers=DE)
    assert "content-language" not in said.headers
    assert "vary" not in said.headers


def test_what_the_visitor_has_chosen_wins(app, client_for):
    i18n = app.extensions["i18n"]

    @app.get("/hello")
    @app.get("/{lang}/hello")
    def hello() -> str:
        return gettext("Hello %(name)s", name="Ada")

    @app.page("/choose/{language}", methods=["POST"], csrf=False)
    def choose(language: str):
        from trine import redirect

        return i18n.remember_locale(redirect("/hello"), language)

    client = client_for(app)
    assert client.get("/hello?lang=de").json() == "Guten Tag, Ada"
    assert client.get("/de/hello").json() == "Guten Tag, Ada"
    assert client.get("/en/hello", headers=DE).json() == "Hello Ada"
    assert client.get("/xx/hello?lang=../../etc").json() == "Hello Ada"
    client.post("/choose/de")
    assert client.get("/hello").json() == "Guten Tag, Ada"
    assert client.get("/hello", headers={"cookie": "language=" + "x" * 3000}).json() == "Hello Ada"


@pytest.mark.parametrize("is_async", [False, True])
def test_a_selector_of_ones_own_comes_first(site, translate, client_for, is_async):
    translate("de", GERMAN)

    def select(request):
        return request.headers.get("x-language")

    async def select_async(request):
        return select(request)

    app = site()
    app.install(I18n(select=select_async if is_async else select, select_timezone=lambda request: "Asia/Tokyo"))

    @app.get("/")
    def index() -> list[str]:
        return [gettext("Hello %(name)s", name="Ada"), format_time(datetime(2026, 5, 31, 12, tzinfo=UTC), "short")]

    client = client_for(app)
    assert client.get("/", headers={"x-language": "de"}).json() == ["Guten Tag, Ada", "21:00"]
    assert client.get("/", headers={"x-language": "tlh"}).json()[0] == "Hello Ada"


def test_the_session_is_asked_where_there_is_one(site, translate, browser_for):
    translate("de", GERMAN)
    app = site()
    app.install(I18n(cookie=None, session_key="language"))

    @app.page("/choose/{name}")
    def choose(name: str):
        session["language"] = name
        return "chosen"

    @app.page("/")
    def index():
        return gettext("Hello %(name)s", name="Ada")

    @app.get("/api")
    def api() -> str:
        return gettext("Hello %(name)s", name="Ada")

    browser = browser_for(app)
    browser.get("/choose/de_DE")
    page = browser.get("/")
    assert (page.text, "Cookie" in page.headers["vary"]) == ("Guten Tag, Ada", True)
    assert browser.get("/api").json() == "Hello Ada"


@pytest.mark.parametrize("name", ["de", "de-AT", "de_AT", "DE"])
def test_a_language_is_known_by_each_of_its_names(app, name):
    assert app.extensions["i18n"].known(name) == "de"


@pytest.mark.parametrize("name", ["", "*", "de,en", "de;q=1", "../de", "d\0e", "x" * 40, None, 7])
def test_what_is_no_name_is_no_language(app, name):
    assert app.extensions["i18n"].known(name) is None


def test_plural_forms_and_contexts(app):
    i18n = app.extensions["i18n"]
    with i18n.force_locale("pl"):
        assert [ngettext("One apple", "%(num)s apples", n) for n in (1, 3, 5, 22)] == [
            "Jedno jabłko",
            "3 jabłka",
            "5 jabłek",
            "22 jabłka",
        ]
    with i18n.force_locale("de"):
        assert (pgettext("month", "May"), gettext("May")) == ("Mai", "Darf")
        assert npgettext("fruit", "One apple", "%(num)s apples", 2) == "2 apples"
    assert ngettext("One apple", "%(num)s apples", 1) == "One apple"


def test_lazy_messages_are_said_where_they_are_shown(app):
    i18n = app.extensions["i18n"]
    month, apples = lazy_pgettext("month", "May"), lazy_ngettext("One apple", "%(num)s apples", 2)
    assert f"{SPOKEN} {month} {apples}" == "Hello lazy May 2 apples"
    with i18n.force_locale("de"):
        assert f"{SPOKEN} {month} {apples}" == "Guten Tag, lazy Mai 2 Äpfel"
        assert SPOKEN + "!" == "Guten Tag, lazy!"
        assert lazy_gettext("Hello %(name)s", name="<b>").__html__() == "Guten Tag, &lt;b&gt;"


def test_a_region_asks_its_language_and_the_language_the_program(site, translate):
    translate("de", GERMAN)
    translate("de_AT", 'msgid "Hello %(name)s"\nmsgstr "Servus %(name)s"\n')
    app = site()
    app.install(I18n())
    with app.extensions["i18n"].force_locale("de-AT"):
        assert gettext("Hello %(name)s", name="Ada") == "Servus Ada"
        assert gettext("May") == "Darf"
        assert gettext("Nobody has said this") == "Nobody has said this"


def test_parts_bring_their_own_words_and_the_application_has_the_last(site, translate, tmp_path, client_for):
    translate("de", 'msgid "Save"\nmsgstr "Sichern"\n')
    translate("de", 'msgid "Save"\nmsgstr "Speichern"\n\nmsgid "Post"\nmsgstr "Beitrag"\n', tmp_path / "blog" / "translations")
    translate("de", 'msgid "Shop"\nmsgstr "Laden"\n', tmp_path / "words")
    app = site()
    i18n = I18n()
    app.install(i18n)
    i18n.add_folder(tmp_path / "words")
    app.register_blueprint(Blueprint("blog", root_path=tmp_path / "blog"))
    with i18n.force_locale("de"):
        assert [gettext(word) for word in ("Save", "Post", "Shop")] == ["Sichern", "Beitrag", "Laden"]


def test_templates_speak_and_escape_what_is_put_in(site, translate, client_for):
    translate("de", GERMAN)
    page = """{% trans name=name %}Hello {{ name }}{% endtrans %}|{{ _("Hello %(name)s", name=name) }}|
        {%- trans num=count %}One apple{% pluralize %}{{ num }} apples{% endtrans %}|{{ day|format_date("long") }}|
        {{- format_currency(price, "EUR") }}|{{ get_locale() }}|{{ spoken }}"""
    app = site({"index.html": page})
    app.install(I18n())

    @app.page("/")
    def index():
        return render_template(
            "index.html", name="<Ada>", count=3, day=date(2026, 5, 31), price=1234.5, spoken=lazy_gettext("May")
        )

    german = client_for(app).get("/", headers=DE).text
    assert german == "Guten Tag, &lt;Ada&gt;|Guten Tag, &lt;Ada&gt;|3 Äpfel|31. Mai 2026|1.234,50\xa0€|de|Darf"


def test_forms_speak_with_their_labels_and_errors(site, translate, client_for):
    translate("de", 'msgid "Your name"\nmsgstr "Ihr Name"\n')

    class Guest(BaseModel):
        name: str = Field(min_length=2, title=lazy_gettext("Your name"))

    app = site()
    app.install(I18n())

    @app.page("/", methods=["GET", "POST"], csrf=False)
    def index(form: ModelForm[Guest]):
        return form.render(), form.status_code

    text = client_for(app).post("/", data={"name": "A"}, headers=DE).text
    assert "Ihr Name: Verwenden Sie mindestens 2 Zeichen." in text
    assert "Absenden" in text


def test_formats_are_those_of_the_language_and_the_clock(app):
    i18n = app.extensions["i18n"]
    moment = datetime(2026, 5, 31, 22, 30, tzinfo=UTC)
    with i18n.force_locale("de", "Europe/Berlin"):
        assert str(get_locale()) == "de"
        assert format_date(moment) == "01.06.2026"
        assert format_datetime(moment, "short") == "01.06.26, 00:30"
        assert format_time(moment, "HH:mm") == "00:30"
        assert format_number(1234567.891) == "1.234.567,891"
        assert format_percent(0.25) == "25\xa0%"
        assert format_currency(9.5, "EUR") == "9,50\xa0€"
        assert format_timedelta(timedelta(days=3)) == "3 Tage"
        assert format_list(["Tee", "Milch", "Zucker"]) == "Tee, Milch und Zucker"
    assert format_currency(9.5, "EUR") == "€9.50"


def test_a_slip_of_a_translator_takes_no_page_away(app, caplog):
    with app.extensions["i18n"].force_locale("de"):
        assert gettext("Broken %(name)s", name="Ada") == "Broken Ada"
    assert "has other placeholders than its message" in caplog.text


def test_a_stream_speaks_one_language_to_its_end(app, client_for):
    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def words():
            for name in ("Ada", "Alan"):
                yield gettext("Hello %(name)s", name=name) + "\n"

        return StreamingResponse(words(), media_type="text/plain")

    answer = client_for(app).get("/stream", headers=DE)
    assert answer.text == "Guten Tag, Ada\nGuten Tag, Alan\n"
    assert answer.headers["content-language"] == "de"


def test_visitors_of_several_languages_at_once_hear_their_own(app, client_for):
    @app.get("/")
    def index() -> str:
        return gettext("Hello %(name)s", name="Ada")

    client, heard = client_for(app), []

    def ask(language: str) -> None:
        heard.append((language, client.get("/", headers={"accept-language": language}).json()))

    threads = [threading.Thread(target=ask, args=(language,)) for language in ("de", "en") * 10]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(heard) == {("de", "Guten Tag, Ada"), ("en", "Hello Ada")}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"locales": ("klingon",)}, "'klingon' is no language. Write it as 'de' or 'de_AT'."),
        ({"timezone": "Middle/Earth"}, "TRINE_I18N_TIMEZONE is 'Middle/Earth', which is no time zone."),
    ],
)
def test_mistakes_in_the_settings_stop_the_start(site, client_for, settings, message):
    app = site()
    app.install(I18n(I18nSettings(**settings)))
    with pytest.raises(SetupError) as refused:
        client_for(app)
    assert str(refused.value).startswith(message)


def test_an_unknown_language_cannot_be_forced(app):
    with pytest.raises(LookupError, match=r"The language 'fr' is not spoken here\. There are en, de, pl\."):
        app.extensions["i18n"].force_locale("fr")


# The command line ------------------------------------------------------------------------------------------------------

PROGRAM = """
from trine.i18n import gettext as _, lazy_gettext, ngettext, pgettext

TITLE = lazy_gettext("Our shop")


def greet(name, count):
    # Translators: at the top of the page
    _("Hello %(name)s", name=name)
    pgettext("month", "May")
    return ngettext("One apple", "%(num)s apples", count)
"""


def test_words_are_found_translated_and_compiled(site, tmp_path):
    app = site({"index.html": "{% trans name=name %}Welcome {{ name }}{% endtrans %}{{ _('Basket') }}"})
    (tmp_path / "shop.py").write_text(PROGRAM)
    i18n = I18n()
    app.install(i18n)
    folder = tmp_path / "translations"
    assert run_command(app, "i18n", "extract").output == f"{folder / 'messages.pot'}: 6 messages\n"
    assert "at the top of the page" in (folder / "messages.pot").read_text()

    made = run_command(app, "i18n", "init", "de").output
    path = folder / "de" / "LC_MESSAGES" / "messages.po"
    assert made == f"{path}: 6 messages to translate\n"
    with pytest.raises(SetupError, match="is there already"):
        run_command(app, "i18n", "init", "de")

    text = path.read_text().replace('msgid "Basket"\nmsgstr ""', 'msgid "Basket"\nmsgstr "Korb"')
    path.write_text(text)
    assert run_command(app, "i18n", "compile").output == f"{path.with_suffix('.mo')}: 1 of 6 messages translated\n"

    (tmp_path / "shop.py").write_text(PROGRAM + '\n_("New here")\n')
    assert run_command(app, "i18n", "update").output == f"{path}: 1 of 7 messages translated\n"
    with I18n.force_locale(i18n, "de"):
        assert gettext("Basket") == "Korb"


def test_a_translation_with_other_placeholders_is_not_compiled(site, translate):
    path = translate("de", '#, python-format\nmsgid "Hello %(name)s"\nmsgstr "Hallo %(nme)s"\n')
    app = site()
    app.install(I18n())
    with pytest.raises(SetupError) as refused:
        run_command(app, "i18n", "compile")
    assert f"1 translations have other placeholders than their messages:\n  {path}:" in str(refused.value)
    assert not path.with_suffix(".mo").exists()


@pytest.mark.parametrize("language", ["de", "fr"])
def test_trines_own_words_are_translated_in_full(root, language):
    from babel.messages.extract import extract_from_dir
    from babel.messages.pofile import read_po

    with (root / "src/trine/i18n/translations" / language / "LC_MESSAGES/messages.po").open("rb") as file:
        known = {message.id for message in read_po(file) if message.string}
    said = {message for _, _, message, _, _ in extract_from_dir(root / "src" / "trine" / "pages" / "forms")}
    assert said - known == set()


def test_nothing_is_said_of_nothing(site, translate, browser_for):
    translate("de", GERMAN)
    app = site()
    app.install(I18n())
    app.page("/")(lambda: [gettext(""), pgettext("month", ""), gettext("May")])
    assert browser_for(app).get("/", headers=DE).json() == ["", "", "Darf"]


def test_addresses_stay_in_the_language_that_is_spoken(app, client_for):
    from trine import url_for

    @app.page("/{lang}/news")
    def news(lang: str):
        return [url_for("news"), url_for("news", lang="en"), url_for("about")]

    @app.page("/about")
    def about():
        return url_for("news")

    client = client_for(app)
    assert client.get("/de/news").json() == ["/de/news", "/en/news", "/about"]
    assert client.get("/about", headers=DE).text == "/de/news"
    assert client.get("/about").text == "/en/news"
