"""Channels: groups of listeners across processes, with what was said before, and who is here."""

from .delivery import ChannelsUnavailable, Delivery, MemberChange, SlowConsumer
from .group import Group
from .plugin import Channels
from .settings import ChannelsSettings
from .subscription import Subscription

__all__ = [
    "Channels",
    "ChannelsSettings",
    "ChannelsUnavailable",
    "Delivery",
    "Group",
    "MemberChange",
    "SlowConsumer",
    "Subscription",
]
