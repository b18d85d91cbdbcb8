from trine import App, Pages, render_fragment, render_template, request
from trine.pages import stream_template

app = App()
app.install(Pages(template_folder="book_templates"))

BOOKS = [("Middlemarch", 1871), ("Emma", 1815), ("Ulysses", 1922)]


@app.template_filter()
def century(year: int) -> str:
    return f"{(year - 1) // 100 + 1}th century"


@app.context_processor
def shared():
    return {"shop": "The Book Shop"}


@app.page("/books")
async def books(q: str = ""):
    found = [book for book in BOOKS if q.lower() in book[0].lower()]
    if request.headers.get("hx-request"):
        return render_fragment("books.html", "rows", books=found)
    return render_template("books.html", books=found, q=q)


@app.page("/catalogue")
async def catalogue():
    return stream_template("books.html", books=BOOKS * 1000, q="")
