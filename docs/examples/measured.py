from trine import App
from trine.metrics import Metrics

app = App()
metrics = Metrics()
app.install(metrics)

orders = metrics.counter("orders", "Orders placed", ["country"])
basket = metrics.histogram("basket_euros", "What is in a basket", buckets=[10, 50, 200])


@app.post("/orders")
async def order(country: str, euros: float) -> dict:
    orders.add((country,))
    basket.observe(euros)
    return {"ok": True}
