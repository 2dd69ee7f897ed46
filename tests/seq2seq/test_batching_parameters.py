from seq2seq.batching_parameters import BATCHING
from seq2seq.serving.batching import FILE, Batching


def test_our_own_server_reads_what_is_written_for_tensorflow_serving(tmp_path):
    (tmp_path / FILE).write_text(BATCHING)
    found = Batching.read(tmp_path)
    assert found.max_batch_size == 64 and found.batch_timeout_micros == 2000
    assert found.capacity == 1024
