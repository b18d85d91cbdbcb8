"""LitServe with its batching: python -m benchmarks.serving.apps.litserve_app PORT."""

import sys

import litserve

from benchmarks.serving.works import chosen

work = chosen()
Input = work.input


class API(litserve.LitAPI):
    def setup(self, device):
        self.compute = work.load()

    def decode_request(self, request: Input):
        return request

    def batch(self, inputs):
        return inputs

    def predict(self, x):
        return self.compute(x)

    def unbatch(self, output):
        return output

    def encode_response(self, output):
        return output.model_dump()


if __name__ == "__main__":
    api = API(max_batch_size=64, batch_timeout=0.002)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, timeout=60)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning", access_log=False)
