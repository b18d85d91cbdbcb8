from trine.compat.flask import Flask, session  # or from flask, where it stays on Flask itself

flask_app = Flask(__name__)


@flask_app.get("/who")
def who():
    return session.get("user", "nobody")
