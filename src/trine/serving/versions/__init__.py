"""Versions of a model side by side: who answers a request, who only listens, and how that changes while it is asked."""
