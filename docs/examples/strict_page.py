from trine import App, HTMLResponse, Request
from trine.middleware import SecurityHeadersMiddleware

app = App()
app.add_middleware(
    SecurityHeadersMiddleware,
    content_security_policy={
        "default-src": "'self'",
        "script-src": ["'nonce'", "'strict-dynamic'"],
        "object-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    },
    permissions_policy={"camera": [], "geolocation": ["self"]},
    hsts=365 * 24 * 60 * 60,
    hsts_subdomains=True,
)
may_be_framed = SecurityHeadersMiddleware(content_security_policy={"frame-ancestors": "https://partner.example"})


@app.get("/")
def index(request: Request) -> HTMLResponse:
    return HTMLResponse(f'<script nonce="{request.csp_nonce}">document.title = "Hello"</script>')


@app.get("/widget", middleware=[may_be_framed])
def widget() -> HTMLResponse:
    return HTMLResponse("<p>Widget</p>")
