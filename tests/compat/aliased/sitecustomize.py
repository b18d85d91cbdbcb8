"""Python imports this at its start where the folder is on its path: the peers' names lead to Trine before anything else runs.

Pytest reads its filters of warnings, which may name a peer's classes, before it loads a plugin; and programs start processes.
"""

import peers

peers.install()
