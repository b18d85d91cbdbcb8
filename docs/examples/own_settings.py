from pydantic import BaseModel, Field, SecretStr

from trine import App, Settings


class Mail(BaseModel):
    host: str = "localhost"
    port: int = 25


class ShopSettings(Settings, prefix="SHOP_"):
    currency: str = "EUR"
    countries: list[str] = ["CA", "GB"]
    mail: Mail = Mail()
    discount: int = Field(default=0, ge=0, le=50)
    payment_key: SecretStr | None = None


settings = ShopSettings.load()
app = App(settings=settings)


@app.get("/")
def show() -> dict[str, object]:
    return {"currency": settings.currency, "countries": settings.countries, "mail": settings.mail.port}
