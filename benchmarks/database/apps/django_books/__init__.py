"""Django's models of the benchmark."""
