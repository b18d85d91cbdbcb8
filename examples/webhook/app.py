"""Receives webhooks as standardwebhooks.com describes them: each is known to be its sender's, and is taken once."""

import time
from base64 import b64decode, b64encode
from hmac import compare_digest, digest
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from trine import App, Depends, Header, HTTPException, Request, Settings
from trine.db import Database, Model, atomic, field


class HookSettings(Settings, prefix="HOOK_"):
    """What the environment says."""

    secret: SecretStr = Field(min_length=30)


class Delivery(Model):
    """A message that was taken."""

    id: str = field(max_length=100, primary_key=True)
    kind: str = field(max_length=100)


class Event(BaseModel):
    """What a message says."""

    type: str = Field(max_length=100)


settings, database = HookSettings.load(), Database()
app = App(title="Webhooks", settings=settings)
app.install(database)
app.on_event("startup")(database.create_all)


async def signed(
    request: Request,
    webhook_id: Annotated[str, Header(min_length=1, max_length=100)],
    webhook_timestamp: Annotated[int, Header()],
    webhook_signature: Annotated[str, Header(max_length=1000)],
) -> str:
    """The id of a message that the sender has signed within the last five minutes."""
    key = b64decode(settings.secret.get_secret_value().removeprefix("whsec_"))
    text = f"{webhook_id}.{webhook_timestamp}.".encode() + await request.body()
    right = b"v1," + b64encode(digest(key, text, "sha256"))
    is_theirs = any(compare_digest(right, sent.encode()) for sent in webhook_signature.split())
    if not is_theirs or abs(time.time() - webhook_timestamp) > 300:
        raise HTTPException(401, "This message is not signed, or too old.")
    return webhook_id


@app.post("/hooks")
async def receive(event: Event, message: Annotated[str, Depends(signed)]) -> dict[str, bool]:
    """Take a message. Whoever sends it again is told that it is there."""
    async with atomic():
        _, is_new = await Delivery.objects.get_or_create({"kind": event.type}, id=message)
        # What a new event asks for is done here, too: where it fails, the message is not taken, and comes again.
    return {"new": is_new}
