"""Who is here, in memory, through Redis and through PostgreSQL."""

import asyncio

from trine.channels import MemberChange


async def test_members_come_and_leave(channels):
    group = channels.group("room")
    async with group.member_changes() as changes:
        async with group.join("ada", {"colour": "red"}):
            assert await group.members() == {"ada": {"colour": "red"}}
            async with group.join("bob"):
                assert await group.members() == {"ada": {"colour": "red"}, "bob": None}
        assert await group.members() == {}
        assert [await anext(changes) for _ in range(4)] == [
            MemberChange("ada", {"colour": "red"}, True),
            MemberChange("bob", None, True),
            MemberChange("bob", None, False),
            MemberChange("ada", {"colour": "red"}, False),
        ]


async def test_two_windows_are_one_member(channels):
    group = channels.group("room")
    async with group.member_changes() as changes:
        async with group.join('a"da'):
            async with group.join('a"da'):
                pass
            assert await group.members() == {'a"da': None}
        assert [(await anext(changes)).is_here for _ in range(2)] == [True, False]


async def test_member_whose_handler_is_cancelled_leaves(channels):
    group = channels.group("room")
    inside = asyncio.Event()

    async def stay() -> None:
        async with group.join("ada"):
            inside.set()
            await asyncio.Event().wait()

    async with group.member_changes() as changes:
        staying = asyncio.ensure_future(stay())
        await inside.wait()
        staying.cancel()
        assert [(await anext(changes)).is_here for _ in range(2)] == [True, False]


async def test_changes_begin_with_those_who_are_here(channels):
    group = channels.group("room")
    async with group.join("ada", 1), group.member_changes() as changes:
        async with group.join("bob", 2):
            assert [await anext(changes) for _ in range(2)] == [MemberChange("ada", 1, True), MemberChange("bob", 2, True)]
        assert await anext(changes) == MemberChange("bob", 2, False)
