"""One application per contender, as its own documentation would write it."""
