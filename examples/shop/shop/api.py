"""The API: lists and rows by CRUD, and orders, which change the stock."""

from trine import APIRouter, HTTPException
from trine.db import CRUD, F, atomic

from .models import Author, Book, Order, OrderLine, Publisher
from .schemas import BookOut, OrderIn, OrderOut

router = APIRouter()
router.include_router(CRUD(Publisher, search=["name", "city"], order_by=["name"]), prefix="/publishers")
router.include_router(CRUD(Author, search=["name"], order_by=["name", "born"]), prefix="/authors")
router.include_router(
    CRUD(
        Book,
        read=BookOut,
        create=Book.schema("title", "isbn", "publisher", "authors", "price", "stock", "published", mode="create"),
        update=Book.schema("title", "authors", "price", "stock", mode="update"),
        filters=["price__lte", "price__gte", "published", "publisher__name", "authors__name__icontains"],
        order_by=["title", "price", "published"],
        search=["title"],
    ),
    prefix="/books",
)
router.include_router(CRUD(Order, read=OrderOut, actions=["read"]), prefix="/orders")


@router.post("/orders", status_code=201, response_model=OrderOut)
async def order(body: OrderIn) -> Order:
    """Order books: all of them, or none where one is sold out."""
    async with atomic():
        made = await Order.objects.create(email=body.email)
        for line in body.lines:
            book = await Book.objects.get_or_none(pk=line.book)
            taken = await Book.objects.filter(pk=line.book, stock__gte=line.count).update(stock=F("stock") - line.count)
            if book is None or not taken:
                raise HTTPException(409, f"Book {line.book} is not there {line.count} times.")
            await OrderLine.objects.create(order=made, book=book, count=line.count, price=book.price)
    return await made.load("lines")
