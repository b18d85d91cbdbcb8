"""What models tell: `@post_save.connect(sender=Article)`. Changes of many rows at once, such as `update()`, tell nothing."""

from trine.signals import Signal

pre_save = Signal("pre_save", values=("instance", "created", "update_fields", "using"))
"""Before an instance is written, inside the transaction around. `created` says whether it is a new row."""
post_save = Signal("post_save", values=("instance", "created", "update_fields", "using"))
"""After an instance was written, before the commit of the transaction around."""
pre_delete = Signal("pre_delete", values=("instance", "using"))
"""Before the row of an instance is deleted."""
post_delete = Signal("post_delete", values=("instance", "using"))
"""After the row of an instance was deleted."""
m2m_changed = Signal("m2m_changed", values=("instance", "name", "action", "pk_set", "using"))
"""After a relation to many rows was changed: `action` is `add`, `remove` or `clear`, and `name` the attribute."""

__all__ = ["m2m_changed", "post_delete", "post_save", "pre_delete", "pre_save"]
