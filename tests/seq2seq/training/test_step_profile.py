import pytest

from seq2seq.training.step_profile import StepProfile


def train(profile, updates):
    """Makes updates as the loop tells of them."""
    profile.on_train_begin()
    for update in updates:
        profile.on_train_batch_begin(update - 1)
        profile.on_train_batch_end(update - 1)
    profile.on_train_end()


@pytest.fixture
def calls(monkeypatch):
    """Notes what is asked of the profiler."""
    told = []

    class Trace:
        def __init__(self, name, step_num, _r):
            self.step = step_num

        def __enter__(self):
            told.append(self.step)

        def __exit__(self, *_):
            told.append(-self.step)

    place = "tensorflow.profiler.experimental."
    monkeypatch.setattr(place + "start", lambda folder: told.append("start"))
    monkeypatch.setattr(place + "stop", lambda: told.append("stop"))
    monkeypatch.setattr(place + "Trace", Trace)
    return told


@pytest.mark.parametrize(
    "updates, traced",
    [
        (range(1, 9), ["start", 4, -4, 5, -5, "stop"]),
        (range(6, 9), ["start", 6, -6, 7, -7, "stop"]),  # a run that goes on
        (range(1, 5), ["start", 4, -4, "stop"]),
        (range(1, 4), []),
    ],
)
def test_the_updates_that_were_asked_for_are_traced(updates, traced, calls, tmp_path, capsys):
    train(StepProfile(4, tmp_path, count=2), updates)
    assert calls == traced
    said = capsys.readouterr().err
    assert ("before update 4: nothing" in said) == (not traced)


def test_a_trace_is_left_where_tensorboard_looks(tmp_path, capsys):
    train(StepProfile(2, tmp_path), range(1, 6))
    assert len(list(tmp_path.glob("plugins/profile/*/*.xplane.pb"))) == 1
    assert f"tensorboard --logdir {tmp_path}" in capsys.readouterr().err
