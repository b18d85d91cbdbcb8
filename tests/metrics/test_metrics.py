"""Metrics: what is counted is told in Prometheus's words, for all processes together, to whom may know it."""

import subprocess
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

from trine import App, Depends, Settings, SetupError
from trine.metrics import Metrics, MetricStore, store_of


def samples(text):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def shop(**options):
    app = App()
    metrics = Metrics(**options)
    app.install(metrics)
    orders = metrics.counter("orders", "Orders placed", ["country"])

    @app.post("/orders/{country}")
    async def order(country: str) -> None:
        orders.add((country,))

    return app


def test_requests_and_own_numbers_are_told(client_for):
    client = client_for(shop())
    for country in ("de", "de", "fr"):
        client.post(f"/orders/{country}")
    client.get("/nowhere")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = samples(answer.text)
    assert found["orders_total", ("country", "de")] == 2
    assert found["orders_total", ("country", "fr")] == 1
    labels = ("method", "POST"), ("route", "/orders/{country}"), ("status", "200")
    assert found["trine_http_request_seconds_count", *labels] == 3
    assert found["trine_http_request_seconds_bucket", ("le", "+Inf"), *labels] == 3
    assert found["trine_http_request_seconds_count", ("method", "GET"), ("route", "none"), ("status", "404")] == 1


def test_scrapers_choose_openmetrics(client_for):
    client = client_for(shop())
    answer = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_a_token_is_asked_for_where_there_is_one(client_for, monkeypatch):
    monkeypatch.setenv("TRINE_METRICS_TOKEN", "a-long-token-for-scrapers")
    client = client_for(shop())
    refused = client.get("/metrics")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Basic realm="metrics", charset="UTF-8"')
    for line in ("Bearer wrong", "Basic ???", "Basic " + "Zm9vOmJhcg==", "Bearer", "Digest a-long-token-for-scrapers"):
        assert client.get("/metrics", headers={"authorization": line}).status_code == 401
    assert client.get("/metrics", headers={"authorization": "Bearer a-long-token-for-scrapers"}).status_code == 200
    assert client.get("/metrics", auth=("anybody", "a-long-token-for-scrapers")).status_code == 200


def test_open_metrics_are_named_before_production_starts(monkeypatch):
    def problems(**options):
        return [one.message for one in shop(**options).problems() if one.name == "open-metrics"]

    assert problems() == ["Everybody may read the metrics at /metrics."]
    assert problems(path=None) == []
    assert problems(dependencies=[Depends(lambda: None)]) == []
    monkeypatch.setenv("TRINE_METRICS_TOKEN", "a-long-token-for-scrapers")
    assert problems() == []


def test_histograms_count_into_buckets(tmp_path):
    store = MetricStore(tmp_path)
    sizes = store.histogram("sizes", "Sizes", buckets=[1, 10])
    store.begin()
    sizes.observe(1)
    sizes.observe_all([5, 10, 11, 1000])
    (found,) = store.collect()
    assert found.values == {(): [1, 2, 2, 1027]}


COUNTING = """
import sys
from pathlib import Path
from trine.metrics import MetricStore
store = MetricStore(Path(sys.argv[1]))
done, open_ = store.counter("done", "Done", ["kind"]), store.gauge("open", "Open")
store.begin()
done.add(("a",), 2); open_.set((), 5)
store.write(ended=sys.argv[2] == "ended")
"""


def test_numbers_of_other_processes_are_added_up(tmp_path):
    for how in ("ended", "killed"):
        subprocess.run([sys.executable, "-c", COUNTING, tmp_path, how], check=True)
    store = MetricStore(tmp_path)
    done, still_open = store.counter("done", "Done", ["kind"]), store.gauge("open", "Open")
    store.begin()
    done.add(("a",))
    still_open.set((), 1)
    # Counters stay when their process ends, and what is there now is gone with it.
    assert {one.instrument.name: one.values for one in store.collect()} == {"done": {("a",): [5]}, "open": {(): [1]}}


def test_broken_files_are_passed_over(tmp_path):
    store = MetricStore(tmp_path)
    store.counter("done", "Done").add()
    for number, content in enumerate([b"", b"{", b'{"pid": "x"}', bytes(100)]):
        (tmp_path / f"{number}.json").write_bytes(content)
    store.begin()
    assert [one.values for one in store.collect()] == [{}]


def test_labels_that_clients_make_up_do_not_fill_the_memory(tmp_path):
    store = MetricStore(tmp_path)
    counter = store.counter("many", "Many", ["name"])
    for number in range(5000):
        counter.add((str(number),))
    assert len(counter.values) == 2001
    assert counter.values["(more)",] == [3000]


def test_the_folder_goes_with_the_store():
    store = MetricStore()
    folder = store.folder
    assert folder.is_dir()
    del store
    assert not folder.exists()


def test_mistakes_are_found_at_start_up(tmp_path):
    store = MetricStore(tmp_path)
    store.counter("done", "Done")
    assert store.counter("done", "Done") is store.instruments["done"]
    with pytest.raises(SetupError, match="There are two metrics called done"):
        store.gauge("done", "Done")
    app = App(settings=Settings())
    app.install(Metrics())
    assert store_of(app) is not None
    with pytest.raises(SetupError, match="Metrics are installed twice"):
        app.install(Metrics())
