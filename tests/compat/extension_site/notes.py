"""A site with Flask-Login, Flask-WTF and Flask-SQLAlchemy, put together as their documentation puts them together."""

from flask import Flask, flash, redirect, render_template_string, request, url_for
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect, FlaskForm
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from wtforms import PasswordField, StringField, SubmitField
from wtforms.validators import DataRequired, Length


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)
csrf = CSRFProtect()
logins = LoginManager()
logins.login_view = "login"


class User(db.Model, UserMixin):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]
    notes: Mapped[list["Note"]] = relationship(back_populates="user")


class Note(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    user: Mapped[User] = relationship(back_populates="notes")


class LoginForm(FlaskForm):
    name = StringField("Name", validators=[DataRequired()])
    password = PasswordField("Password", validators=[DataRequired()])
    submit = SubmitField("Sign in")


class NoteForm(FlaskForm):
    text = StringField("Text", validators=[DataRequired(), Length(max=40)])
    submit = SubmitField("Keep")


@logins.user_loader
def load_user(user_id):
    return db.session.get(User, int(user_id))


PAGE = """
{% for message in get_flashed_messages() %}<p class="flash">{{ message }}</p>{% endfor %}
{% if current_user.is_authenticated %}<p>{{ current_user.name }}</p>{% endif %}
<form method="post">{{ form.hidden_tag() }}
{% for field in form if field.type != "CSRFTokenField" %}{{ field.label }} {{ field }}
{% for error in field.errors %}<b>{{ error }}</b>{% endfor %}{% endfor %}</form>
{% for note in notes %}<li>{{ note.text }}</li>{% endfor %}
"""


def create_app():
    app = Flask(__name__)
    app.config.update(SECRET_KEY="nPq8-Zr5TkW2vYx7LmB4cJ6hD9sF1gAeUoQi3tRw", SQLALCHEMY_DATABASE_URI="sqlite://")
    for extension in (db, csrf, logins):
        extension.init_app(app)

    @app.route("/login", methods=["GET", "POST"])
    def login():
        form = LoginForm()
        if form.validate_on_submit():
            user = db.session.scalar(db.select(User).filter_by(name=form.name.data))
            if user is not None and user.password == form.password.data:
                login_user(user)
                return redirect(url_for("notes"))
            flash("Who are you?")
        return render_template_string(PAGE, form=form)

    @app.route("/logout", methods=["POST"])
    @login_required
    def logout():
        logout_user()
        return redirect(url_for("login"))

    @app.route("/", methods=["GET", "POST"])
    @login_required
    def notes():
        form = NoteForm()
        if form.validate_on_submit():
            db.session.add(Note(text=form.text.data, user=current_user))
            db.session.commit()
            flash("Kept.")
            return redirect(request.path)
        found = db.paginate(db.select(Note).filter_by(user_id=current_user.id).order_by(Note.id), per_page=2)
        return render_template_string(PAGE, form=form, notes=found)

    with app.app_context():
        db.create_all()
        db.session.add(User(name="ada", password="lovelace"))
        db.session.commit()
    return app
