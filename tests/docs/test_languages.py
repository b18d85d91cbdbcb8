"""The page about languages keeps its promises."""

from trine.testing import TestClient


def test_greetings(load_example, tmp_path):
    program = load_example("greetings")
    program.app.origin = tmp_path
    folder = tmp_path / "translations" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(
        'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "One guest is here."\nmsgid_plural "%(num)s guests are here."\nmsgstr[0] "Ein Gast."\nmsgstr[1] "%(num)s Gäste."\n'
    )
    with TestClient(program.app) as client:
        assert client.get("/?guests=3", headers={"accept-language": "de"}).text.endswith("3 Gäste.")
        assert client.get("/", headers={"accept-language": "fr"}).text.endswith("One guest is here.")
