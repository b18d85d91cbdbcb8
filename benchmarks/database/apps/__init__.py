"""One application per framework, as its own documentation would write it."""
