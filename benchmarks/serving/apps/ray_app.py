"""Ray Serve with its batching: python -m benchmarks.serving.apps.ray_app PORT."""

import sys
import time

import ray
from fastapi import FastAPI
from ray import serve

from benchmarks.serving.works import chosen

work = chosen()
Input, Output = work.input, work.output
api = FastAPI()


@serve.deployment(max_ongoing_requests=512, logging_config={"enable_access_log": False})
@serve.ingress(api)
class Model:
    def __init__(self):
        self.compute = chosen().load()

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0.002)
    async def together(self, items):
        return self.compute(items)

    @api.post("/predict")
    async def predict(self, item: Input) -> Output:
        return await self.together(item)


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Model.bind())
    while True:
        time.sleep(60)
