from datetime import date

from trine import App, redirect
from trine.i18n import I18n, format_date, gettext, ngettext

app = App()
i18n = I18n()
app.install(i18n)


@app.page("/")
def index(guests: int = 1):
    today = gettext("Today is %(day)s.", day=format_date(date.today(), "long"))  # noqa: DTZ011 - the server's own day
    return f"<p>{today} " + ngettext("One guest is here.", "%(num)s guests are here.", guests)


@app.page("/language/{name}", methods=["POST"])
def choose(name: str):
    return i18n.remember_locale(redirect("/"), name)
