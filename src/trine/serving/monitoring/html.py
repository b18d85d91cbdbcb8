"""The frame of the page that its script fills."""

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class MonitorPage:
    """The page. Addresses are complete; every text is escaped here."""

    application: str
    data: str
    """Where the numbers are."""
    styles: tuple[str, ...]
    scripts: tuple[str, ...]

    def render(self) -> str:
        """Write the HTML."""
        styles = "\n".join(f'<link rel="stylesheet" href="{escape(url)}">' for url in self.styles)
        scripts = "\n".join(f'<script src="{escape(url)}" defer></script>' for url in self.scripts)
        return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(self.application)} – models</title>
<link rel="icon" href="data:,">
{styles}
{scripts}
</head>
<body>
<header class="bar"><strong>{escape(self.application)}</strong></header>
<main>
<h1>Models</h1>
<div class="tools"><span id="told">Asking …</span><button type="button" id="pause" aria-pressed="false">Pause</button></div>
<div id="models" data-url="{escape(self.data)}"><noscript><p>This page needs JavaScript.</p></noscript></div>
</main>
</body>
</html>
"""
