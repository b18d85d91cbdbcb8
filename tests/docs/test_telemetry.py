"""What the page about telemetry promises is told."""


def test_the_example_is_traced_once_a_provider_is_set(client_of, monkeypatch):
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    client = client_of("observed")
    assert client.get("/prices/tea").json() == 2
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    assert client.get("/prices/coffee").json() == 3
    names = [span.name for span in exporter.get_finished_spans()]
    assert names == ["dependency price_list", "discount", "handler price", "GET /prices/{name}"]
