"""FastAPI with SQLAlchemy's asynchronous ORM: a session for each request, statements by select()."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, selectinload

from .alchemy import CONNECT, DRIVER_URL, Book, Entry
from .shapes import POOL_SIZE, BookOut, EntryIn, Inserted, PageOut, PriceIn, Updated

app = FastAPI()
engine = create_async_engine(DRIVER_URL, pool_size=POOL_SIZE, max_overflow=0, connect_args=CONNECT)
make_session = async_sessionmaker(engine, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    async with make_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]


@app.get("/books/{id}", response_model=BookOut)
async def one(id: int, session: Session) -> Book:
    book = await session.get(Book, id)
    if book is None:
        raise HTTPException(404)
    return book


@app.get("/books", response_model=list[BookOut])
async def twenty(session: Session) -> Sequence[Book]:
    return (await session.scalars(select(Book).order_by(Book.id.desc()).limit(20))).all()


@app.get("/pages", response_model=list[PageOut])
async def related(session: Session) -> Sequence[Book]:
    related = (joinedload(Book.author), selectinload(Book.tags))
    return (await session.scalars(select(Book).options(*related).order_by(Book.id.desc()).limit(20))).all()


@app.post("/entries")
async def insert_entries(body: list[EntryIn], session: Session) -> Inserted:
    await session.execute(insert(Entry), [entry.model_dump() for entry in body])
    await session.commit()
    return Inserted(inserted=len(body))


@app.patch("/books/{id}")
async def update_book(id: int, body: PriceIn, session: Session) -> Updated:
    done = await session.execute(update(Book).where(Book.id == id).values(price=body.price))
    await session.commit()
    if not done.rowcount:
        raise HTTPException(404)
    return Updated(updated=done.rowcount)
