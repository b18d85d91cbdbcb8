"""What must type-check in a program with models."""

from datetime import datetime
from typing import Any, assert_type

from trine.db import Count, F, Many, Model, Q, QuerySet, atomic, field, many, reverse


class User(Model):
    id: int = field(primary_key=True, init=False)
    name: str = field(max_length=50)
    articles: Many["Article"] = reverse("author")


class Tag(Model):
    name: str


class ArticleQuerySet(QuerySet["Article"]):
    def published(self) -> "ArticleQuerySet":
        return self.filter(published__isnull=False)


class Article(Model):
    title: str = field(max_length=200)
    body: str = ""
    author: User
    author_id: int = field(init=False)
    tags: Many[Tag] = many()
    published: datetime | None = None

    objects = ArticleQuerySet.as_manager()


async def program() -> None:
    user = await User.objects.get(id=1)
    assert_type(user, User)
    assert_type(user.name, str)
    assert_type(user.id, int)
    article = Article(title="x", author=user)
    assert_type(article.author_id, int)
    assert_type(await Article.objects.published().filter(Q(title="x") | Q(body="")).first(), Article | None)
    assert_type(await Tag.objects.all(), list[Tag])
    assert_type(await Tag.objects.order_by("name")[:3], list[Tag])
    assert_type(await Tag.objects.values("name"), list[dict[str, Any]])
    assert_type(await article.tags, list[Tag])
    assert_type(await article.tags.filter(name="x").count(), int)
    assert_type([tag.name for tag in article.tags], list[str])
    assert_type(await user.articles.all().get(title="x"), Article)
    assert_type(await Tag.objects.get_or_create(name="x"), tuple[Tag, bool])
    async for tag in Tag.objects.iterator():
        assert_type(tag, Tag)
    rows = Tag.objects.annotate(n=Count("articles"))
    assert_type(await rows.get(), Tag)
    await Article.objects.filter(id=1).update(title=F("body"))
    async with atomic():
        await article.save()


def plain() -> None:
    assert_type(Tag.objects.sync.get(name="x"), Tag)
    assert_type(list(Tag.objects.sync.filter(name="x")), list[Tag])
    with atomic():
        Tag.objects.sync.create(name="x").sync.save()
