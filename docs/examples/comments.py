import hashlib
import hmac

from trine import App, Request, abort, render_template_string, request

app = App()
COMMENTS: list[str] = []
SHARED_KEY = b"what the other service signs with"

PAGE = """
<meta name="csrf-token" content="{{ csrf_token() }}">
<form method="post">
  {{ csrf_field() }}
  <input name="text" aria-label="Comment" required> <button>Send</button>
</form>
<script>
  const token = document.querySelector("meta[name=csrf-token]").content
  const send = text => fetch("", {
    method: "POST",
    headers: {"X-CSRF-Token": token, "Content-Type": "application/json"},
    body: JSON.stringify({text}),
  })
</script>
"""


@app.page("/comments", methods=["GET", "POST"])
async def comments():
    if request.method == "POST":
        COMMENTS.append(request.json["text"] if request.is_json else request.form["text"])
        return {"comments": len(COMMENTS)}
    return render_template_string(PAGE)


@app.page("/hook", methods=["POST"], csrf=False)
async def hook(incoming: Request):
    # Another service sends no cookie and no token: it signs what it sends.
    expected = hmac.new(SHARED_KEY, await incoming.body(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("x-signature", "")):
        abort(403)
    return {"ok": True}
