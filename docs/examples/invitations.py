from typing import Annotated

from trine import App, Depends, HTTPException, Settings
from trine.errors import BadSignature
from trine.security import HTTPBearer, TimedSigner

settings = Settings(secret_key="Vq8Zp3Rt6Wx9Ck2Nm5Jh7Lf4Gd1Sb0Ya")  # from the environment, in a real program
app = App(settings=settings)
signer = TimedSigner(settings.secret_key, salt="invitation", fallbacks=settings.secret_key_fallbacks)
bearer = HTTPBearer(description="An invitation")


@app.post("/invitations")
def invite(email: str) -> str:
    return signer.sign({"email": email})


def invited(credentials: Annotated[object, Depends(bearer)]) -> str:
    try:
        return signer.unsign(credentials.credentials, max_age=7 * 24 * 3600)["email"]
    except BadSignature:
        raise HTTPException(401, "This invitation does not count.", {"www-authenticate": "Bearer"}) from None


@app.get("/welcome")
def welcome(email: Annotated[str, Depends(invited)]) -> str:
    return f"Welcome, {email}."
