"""`python -m trine.compat.flask`: the `flask` command line."""

from .cli import main

main()
