"""`python -m trine.server LISTENER CONTROL`: what `trine run` starts for each generation of workers."""

from .generation import main

main()
