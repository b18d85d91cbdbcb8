"""Trained models behind HTTP, beside FastAPI and the tools that are made for it: `python -m benchmarks.serving`."""
