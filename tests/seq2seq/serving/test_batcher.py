"""Batches of concurrent requests, made by hand: what runs them is a function of the test."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from seq2seq.serving.batcher import Batcher
from seq2seq.serving.batching import Batching
from seq2seq.serving.serving_error import ServingError


def texts(*words):
    return {"text": np.array([word.encode() for word in words], np.object_)}


class Recorder:
    """Answers with capitals, when it is let; keeps what was asked together."""

    def __init__(self):
        self.batches = []
        self.open = threading.Event()
        self.began = threading.Semaphore(0)

    def __call__(self, tensors):
        batch = [text.decode() for text in tensors["text"]]
        self.batches.append(batch)
        self.began.release()
        assert self.open.wait(10)
        if "fail" in batch:
            raise ServingError("INVALID_ARGUMENT", f"failed on {batch}")
        longest = max(map(len, batch), default=0)
        letters = [[*text, *[""] * (longest - len(text))] for text in batch]
        shape = len(batch), longest
        return {
            "text": np.array([text.upper().encode() for text in batch], np.object_),
            "letters": np.array(
                [[each.encode() for each in row] for row in letters], np.object_
            ).reshape(shape),
        }


@pytest.fixture
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.open.set()


def run(recorder, test, merges=True, threads=1, deadline=10.0, **batching):
    """Runs an asynchronous test with a batcher."""

    async def prepared():
        limits = Batching(batch_timeout_micros=0, num_batch_threads=threads, **batching)
        with ThreadPoolExecutor(threads) as pool:
            slots = asyncio.Semaphore(threads)
            seen = []
            batcher = Batcher(
                recorder, merges, limits, (pool, slots), deadline, lambda *each: seen.append(each)
            )
            try:
                await test(batcher)
            finally:
                recorder.open.set()
                batcher.close()
        return seen

    return asyncio.run(prepared())


def words_of(outputs):
    return [text.decode() for text in outputs["text"]]


async def begun(recorder, number=1):
    for _ in range(number):
        assert await asyncio.to_thread(recorder.began.acquire, timeout=10)


async def held(batcher, recorder, *words):
    """Asks for each word while the thread is busy with another one -> the answers to come."""
    first = asyncio.create_task(batcher(texts("first")))
    await begun(recorder)
    rest = [asyncio.create_task(batcher(texts(*each.split()))) for each in words]
    await asyncio.sleep(0)
    recorder.open.set()
    await first
    return rest


def test_what_waits_for_a_thread_shares_a_batch(recorder):
    async def test(batcher):
        rest = await held(batcher, recorder, "a", "b c", "d")
        assert [words_of(each) for each in await asyncio.gather(*rest)] == [
            ["A"],
            ["B", "C"],
            ["D"],
        ]

    seen = run(recorder, test)
    assert [sorted(batch) for batch in recorder.batches] == [["first"], ["a", "b", "c", "d"]]
    assert [rows for rows, _ in seen] == [1, 4] and all(seconds >= 0 for _, seconds in seen)


def test_the_first_goes_next_with_those_that_are_most_like_it(recorder):
    async def test(batcher):
        words = ["aaaa", "b", "cc", "ddddd", "e", "fff"]
        found = await asyncio.gather(*await held(batcher, recorder, *words))
        assert [words_of(each) for each in found] == [[word.upper()] for word in words]

    run(recorder, test, max_batch_size=2)
    assert recorder.batches[1:] == [["aaaa", "ddddd"], ["b", "e"], ["cc", "fff"]]


def test_a_large_request_is_taken_apart_and_put_together_in_order(recorder):
    words = [word * (1 + place % 3) for place, word in enumerate("abcdefghijk")]
    recorder.open.set()

    async def test(batcher):
        found = await batcher(texts(*words))
        assert words_of(found) == [word.upper() for word in words]
        letters = [[letter.decode() for letter in row] for row in found["letters"]]
        assert letters == [[*word, *[""] * (3 - len(word))] for word in words]

    run(recorder, test, max_batch_size=4)
    assert sorted(map(len, recorder.batches)) == [3, 4, 4]


def test_only_what_fails_alone_is_refused(recorder):
    async def test(batcher):
        words = ["a", "b", "fail", "c", "d"]
        found = await asyncio.gather(*await held(batcher, recorder, *words), return_exceptions=True)
        assert [words_of(each) for each in found[:2] + found[3:]] == [["A"], ["B"], ["C"], ["D"]]
        # Its message quotes nothing that another client sent.
        assert str(found[2]) == "failed on ['fail']"

    run(recorder, test)


def test_what_cannot_be_merged_runs_as_it_came(recorder):
    async def test(batcher):
        rest = await held(batcher, recorder, "a b", "c")
        assert [words_of(each) for each in await asyncio.gather(*rest)] == [["A", "B"], ["C"]]

    run(recorder, test, merges=False)
    assert recorder.batches == [["first"], ["a", "b"], ["c"]]


def test_tensors_of_other_shapes_are_not_merged(recorder):
    seen = []

    def count(tensors):
        seen.append(tensors["ids"].shape)
        return {"sum": tensors["ids"].sum(axis=1)}

    async def test(batcher):
        ids = [np.ones([2, 3], np.int32), np.ones([1, 5], np.int32), np.ones([1, 3], np.int32)]
        found = await asyncio.gather(*(batcher({"ids": each}) for each in ids))
        assert [each["sum"].tolist() for each in found] == [[3, 3], [5], [3]]

    run(recorder, lambda batcher: test(_with(batcher, count)))
    assert sorted(seen) == [(1, 5), (3, 3)]


def _with(batcher, run):
    batcher._run = run
    return batcher


def test_no_rows_are_answered_too(recorder):
    recorder.open.set()

    async def test(batcher):
        assert words_of(await batcher(texts())) == []

    run(recorder, test)
    assert recorder.batches == [[]]


def test_inputs_of_different_numbers_of_rows_are_refused(recorder):
    async def test(batcher):
        with pytest.raises(ServingError, match="text has 2, seed has 1") as caught:
            await batcher(texts("a", "b") | {"seed": np.array([1])})
        assert caught.value.status == 400

    run(recorder, test)
    assert not recorder.batches


def test_a_full_queue_refuses_at_once_and_lets_in_again(recorder):
    async def test(batcher):
        first = asyncio.create_task(batcher(texts("first")))
        await begun(recorder)
        waiting = asyncio.create_task(batcher(texts("a", "b", "c")))
        await asyncio.sleep(0)
        with pytest.raises(ServingError, match="queue is full: 3 of 4") as caught:
            await batcher(texts("d", "e"))
        assert caught.value.status == 503 and not waiting.done()
        recorder.open.set()
        await asyncio.gather(first, waiting)
        assert words_of(await batcher(texts("d", "e"))) == ["D", "E"]

    run(recorder, test, max_batch_size=2, max_enqueued_batches=2)


def test_a_request_that_no_queue_can_hold_is_wrong(recorder):
    async def test(batcher):
        with pytest.raises(ServingError, match="5 rows in one request; at most 4") as caught:
            await batcher(texts(*"abcde"))
        assert caught.value.status == 400

    run(recorder, test, max_batch_size=2, max_enqueued_batches=2)


def test_what_could_not_be_answered_in_time_is_refused_at_once(recorder):
    async def test(batcher):
        first = asyncio.create_task(batcher(texts("first")))
        await begun(recorder)
        await asyncio.sleep(0.05)
        recorder.open.set()
        await first  # it took 0.05 s: what waits for three batches waits longer than 0.1 s
        recorder.open.clear()
        busy = asyncio.create_task(batcher(texts("busy")))
        await begun(recorder)
        waiting = asyncio.create_task(batcher(texts("a")))
        await asyncio.sleep(0)
        with pytest.raises(ServingError, match="no answer would come within 0.1 s") as caught:
            await batcher(texts(*"bcdef"))
        assert caught.value.status == 503
        recorder.open.set()
        await asyncio.gather(busy, waiting)

    run(recorder, test, deadline=0.1, max_batch_size=2)


def test_who_gives_up_leaves_the_queue_and_is_not_run(recorder):
    async def test(batcher):
        first = asyncio.create_task(batcher(texts("first")))
        await begun(recorder)
        gone, stays = (asyncio.create_task(batcher(texts(word))) for word in ("gone", "stays"))
        await asyncio.sleep(0)
        assert batcher.waiting == 2
        gone.cancel()
        await asyncio.sleep(0)
        assert batcher.waiting == 1
        recorder.open.set()
        assert words_of(await stays) == ["STAYS"] and words_of(await first) == ["FIRST"]

    run(recorder, test)
    assert recorder.batches == [["first"], ["stays"]]


def test_as_many_batches_run_at_once_as_there_are_threads(recorder):
    async def test(batcher):
        running = [asyncio.create_task(batcher(texts(word))) for word in "a"]
        await begun(recorder)
        running += [asyncio.create_task(batcher(texts(word))) for word in "b"]
        await begun(recorder)  # the second began while the first one runs
        running += [asyncio.create_task(batcher(texts(word))) for word in "cd"]
        await asyncio.sleep(0.05)
        assert len(recorder.batches) == 2
        recorder.open.set()
        await asyncio.gather(*running)

    run(recorder, test, threads=2)
    assert sorted(map(sorted, recorder.batches)) == [["a"], ["b"], ["c", "d"]]


def test_a_first_row_waits_for_others_as_long_as_it_is_told():
    recorder = Recorder()
    recorder.open.set()

    async def ask(patience):
        limits = Batching(batch_timeout_micros=patience, num_batch_threads=4)
        with ThreadPoolExecutor(4) as pool:
            batcher = Batcher(
                recorder, True, limits, (pool, asyncio.Semaphore(4)), 10.0, lambda *_: None
            )
            first = asyncio.create_task(batcher(texts("a")))
            await asyncio.sleep(0.01)
            await asyncio.gather(first, batcher(texts("b")))
            batcher.close()

    asyncio.run(ask(10**6 // 2))
    assert list(map(sorted, recorder.batches)) == [["a", "b"]]
    recorder.batches.clear()
    asyncio.run(ask(0))
    assert recorder.batches == [["a"], ["b"]]
