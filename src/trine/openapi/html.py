"""The frame around Swagger UI and ReDoc: a bar with the application's name, and the element that they fill."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape


@dataclass(frozen=True)
class Page:
    """A documentation page. Addresses are complete; every text is escaped here."""

    title: str
    application: str
    element: str
    """The id of the element that the script fills."""
    tag: str
    """`main`, or `div` where the script brings its own main part."""
    styles: tuple[str, ...]
    scripts: tuple[str, ...]
    icon: str
    links: Mapping[str, str]
    """Labels and addresses in the bar."""
    address: str
    """The page's own address among the links."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What the script reads from the element."""
    nonce: str = ""
    """Lets the script write styles."""

    def render(self) -> str:
        """Write the HTML."""
        nonce = f' nonce="{self.nonce}"' if self.nonce else ""
        styles = "\n".join(f'<link rel="stylesheet" href="{escape(url)}">' for url in self.styles)
        scripts = "\n".join(f'<script src="{escape(url)}" defer{nonce}></script>' for url in self.scripts)
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in self.attributes.items())
        links = "\n".join(self._link(label, url) for label, url in self.links.items())
        return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(self.title)}</title>
<link rel="icon" href="{escape(self.icon)}" type="image/svg+xml">
{styles}
{scripts}
</head>
<body>
<header class="bar">
<strong><img src="{escape(self.icon)}" alt="" width="24" height="24">{escape(self.application)}</strong>
<nav aria-label="Documentation">
{links}
</nav>
</header>
<{self.tag} id="{self.element}"{attributes}><p class="wait" role="status">Loading the documentation …</p></{self.tag}>
<noscript><p class="wait">This page needs JavaScript.</p></noscript>
</body>
</html>
"""

    def _link(self, label: str, url: str) -> str:
        current = ' aria-current="page"' if url == self.address else ""
        return f'<a href="{escape(url)}"{current}>{escape(label)}</a>'
