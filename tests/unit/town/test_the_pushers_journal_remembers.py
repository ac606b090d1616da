"""The pusher's journal is the oracle: it survives its process and knows a contradiction."""

from pathlib import Path

from deploy.local.demo.journal import Answer, PushJournal


def accept(journal: PushJournal, key: str, identifier: str) -> None:
    journal.accepted("record", [Answer(key, identifier, "new")], sent_at=1.0, at=2.0)


def test_what_was_accepted_is_known_to_the_next_process(tmp_path: Path) -> None:
    first = PushJournal(tmp_path / "j")
    accept(first, "S1/1", "r1")
    first.close()
    second = PushJournal(tmp_path / "j")
    assert second.ids == {"record": {"S1/1": "r1"}}
    assert second.rows == {} and second.sent_at == {}


def test_one_key_with_two_ids_is_a_contradiction_whenever_it_comes(tmp_path: Path) -> None:
    first = PushJournal(tmp_path / "j")
    accept(first, "S1/1", "r1")
    first.close()
    second = PushJournal(tmp_path / "j")
    accept(second, "S1/1", "r1")
    assert second.contradictions == []
    accept(second, "S1/1", "r2")
    assert second.contradictions == ["record S1/1"]


def test_a_half_written_last_line_is_left_out(tmp_path: Path) -> None:
    first = PushJournal(tmp_path / "j")
    accept(first, "S1/1", "r1")
    first.close()
    with (tmp_path / "j").open("ab") as file:
        file.write(b'{"accepted": "record", "answ')
    assert PushJournal(tmp_path / "j").ids == {"record": {"S1/1": "r1"}}


def test_repeats_are_rows_but_no_new_ids(tmp_path: Path) -> None:
    journal = PushJournal(tmp_path / "j")
    for _ in range(3):
        accept(journal, "S1/1", "r1")
    assert journal.rows == {"record": 3}
    assert list(journal.sent_at) == ["r1"]
