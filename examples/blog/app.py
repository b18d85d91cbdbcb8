"""What `trine dev` and `trine run` serve."""

from blog import make_app

app = make_app()
