from legacy import flask_app

from trine import App
from trine.compat.flask.shared import SharedSessions
from trine.pages import session

app = App()


@app.page("/login", methods=["POST"])
def login():
    session["user"] = "ada"
    return "Welcome"


flask_app.session_interface = SharedSessions(app)  # its pages see session["user"]
app.mount("/legacy", flask_app)
