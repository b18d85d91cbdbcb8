from pydantic import SecretStr

from trine import App, Settings


class ShopSettings(Settings, prefix="SHOP_"):
    currency: str = "EUR"
    payment_token: SecretStr | None = None


settings = ShopSettings.load()
app = App(title="Shop", settings=settings)


@app.get("/")
def index() -> dict[str, str]:
    return {"currency": settings.currency}
