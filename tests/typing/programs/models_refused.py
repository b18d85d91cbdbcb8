"""What must not type-check in a program with models."""

from trine.db import Model, field


class Tag(Model):
    name: str = field(max_length=50)
    colour: str = "red"


async def program() -> None:
    Tag(name=1)  # refused: arg-type
    Tag(title="x")  # refused: call-arg
    tag = await Tag.objects.get(id=1)
    tag.name + 1  # refused: operator
    await Tag.objects.fliter(name="x")  # refused: attr-defined
