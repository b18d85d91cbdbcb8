"""What pages tell whoever cares. The application is the sender of each; nobody who listens costs anything where nobody does."""

from trine.signals import Signal

request_started = Signal("request_started", values=("request",))
"""A page is asked for; nothing has looked at the request yet."""
request_finished = Signal("request_finished", values=("response",))
"""A page has its answer, which goes out next."""
got_request_exception = Signal("got_request_exception", values=("exception",))
"""A page has failed with an exception that nobody expected, and is answered with an error."""
template_rendered = Signal("template_rendered", values=("template", "context"), inline=True)
"""A template is rendered with these values: sent when that begins."""
message_flashed = Signal("message_flashed", values=("message", "category"), inline=True)
"""A message was left for the next page."""
