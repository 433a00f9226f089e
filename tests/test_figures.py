"""The page of numbers says what the records say."""

from tests import figures, records


def test_the_page_is_what_the_records_say():
    assert figures.PAGE.read_text(encoding="utf-8") == figures.page(), "type: python3 -m tests.figures"


def test_a_record_is_read_as_it_was_written_and_keeps_what_was_not_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    records.write_record("a", 'A "title"', "command", {"one": 1, "two": "2 of 3"})
    records.write_record("a", 'A "title"', "command", {"two": 5}, keep=True)
    read = records.read_record("a")
    assert (read["title"], read["figures"]) == ('A "title"', {"one": 1, "two": 5})
    assert "| one | 1 |" in figures.section("a", "", "", read)


def test_what_was_not_measured_is_said():
    assert "Not yet measured" in figures.section("a", "A title", "a command", None)
