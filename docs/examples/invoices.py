from pydantic import BaseModel

from trine import App, BackgroundTasks
from trine.mail import Attachment, Mail, Message

app = App()
mail = Mail()
app.install(mail)


class Order(BaseModel):
    email: str
    items: list[str]


@app.post("/orders", status_code=201)
async def order(order: Order, background: BackgroundTasks) -> dict[str, int]:
    bill = Attachment("bill.csv", "\n".join(order.items).encode())
    message = Message(
        "Your order",
        order.email,
        text=f"Thank you for {len(order.items)} things.",
        html=f"<h1>Thank you</h1><p>for {len(order.items)} things.</p>",
        attachments=[bill],
        headers={"List-Unsubscribe": "<https://shop.example.org/bye>"},
    )
    background.add_task(mail.send, message)
    return {"items": len(order.items)}
