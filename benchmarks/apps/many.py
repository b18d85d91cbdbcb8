"""Whether this process serves the many-routes workload: its 200 routes and no others, or all other routes."""

import os

MANY = os.environ.get("BENCHMARK_WORKLOAD") == "many"
