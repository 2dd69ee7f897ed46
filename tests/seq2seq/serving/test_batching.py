import pytest

from seq2seq.serving.batching import FILE, Batching


def test_what_is_written_is_read_again(tmp_path):
    batching = Batching(7, 8000, 9, 3)
    (tmp_path / FILE).write_text(batching.text())
    assert Batching.read(tmp_path) == batching


def test_a_version_without_the_file_has_the_usual_limits(tmp_path):
    assert Batching.read(tmp_path) == Batching()


def test_what_only_tensorflow_serving_uses_is_passed_over(tmp_path):
    (tmp_path / FILE).write_text("""
        # a comment: max_batch_size { value: 1 }
        max_batch_size { value: 16 }
        batch_timeout_micros: { value : 10 }
        allowed_batch_sizes: 8
        allowed_batch_sizes: 16
        pad_variable_length_inputs: true
        thread_pool_name { value: "threads" }
    """)
    assert Batching.read(tmp_path) == Batching(max_batch_size=16, batch_timeout_micros=10)


@pytest.mark.parametrize("written", ["most_rows: 3", "max_batch_size { value: many }"])
def test_what_is_no_limit_is_refused_with_the_place(written, tmp_path):
    (tmp_path / FILE).write_text(written)
    with pytest.raises(ValueError, match=FILE):
        Batching.read(tmp_path)


def test_limits_that_leave_no_room_are_refused():
    with pytest.raises(ValueError, match="max_batch_size = 0"):
        Batching().changed({"max_batch_size": "0"})
