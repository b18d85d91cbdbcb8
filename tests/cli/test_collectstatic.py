"""`trine collectstatic`."""


def test_files_are_collected(trine, tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.css").write_text("p {}")
    (tmp_path / "app.py").write_text("from trine import App\napp = App()\n@app.page('/')\ndef index(): return ''\n")
    answer = trine("collectstatic")
    assert answer.status == 0
    assert "Collected 1 files into" in answer.out
    assert (tmp_path / "staticfiles" / "manifest.json").is_file()
