"""An engine that generates when it is told to: python decoding_engine.py ENGINE FOLDER WORK.

A program of its own, so that engines of other environments are timed in turns. WORK is JSON:
{"chunks": texts or ids in batches of like length, "alone": some texts or ids, "settings": of the
engine, "threads": of an operation, "at_once": batches}. For each line read it prints JSON: for
"chunks" the seconds that all took, for "alone" those of each, for "answers" what was found for the
chunks.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def saved_model(folder, work):
    """Serves what `seq2seq export` wrote: texts in, texts out."""
    import tensorflow as tf
    import tensorflow_text  # noqa: F401 registers its ops

    tf.config.threading.set_intra_op_parallelism_threads(work["threads"])
    tf.config.threading.set_inter_op_parallelism_threads(work["at_once"])
    loaded = tf.saved_model.load(folder)
    serve = loaded.signatures["serving_default"]

    def answer(texts):
        found = serve(text=tf.constant(texts))
        return [text.decode() for text in found["text"].numpy().tolist()]

    answer.loaded = loaded
    return answer


def ctranslate2(folder, work):
    """Translates pieces of what `seq2seq export --engine ctranslate2` wrote."""
    import ctranslate2 as engine

    settings = work["settings"]
    threads = {"inter_threads": work["at_once"], "intra_threads": work["threads"]}
    translator = engine.Translator(folder, compute_type=settings["compute"], **threads)

    def answer(sources):
        found = translator.translate_batch(sources, **settings["search"])
        return [each.hypotheses[0] for each in found]

    return answer


def hugging_face(folder, work):
    """Generates ids by transformers' M2M100, whose layers are those of our Transformer."""
    import torch
    from hugging_face_model import model_of

    settings = work["settings"]
    torch.set_num_threads(work["threads"])
    model = model_of(folder)

    def answer(sources):
        length = max(map(len, sources))
        ids = torch.tensor([row + [0] * (length - len(row)) for row in sources])
        with torch.inference_mode():
            found = model.generate(
                input_ids=ids, attention_mask=(ids != 0).long(), **settings["search"]
            )
        return [[id_ for id_ in row if id_ > 2] for row in found.tolist()]

    return answer


def seconds_of(work):
    """Works -> (the seconds it took, what it gave)."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def main(engine, folder, path):
    with open(path, encoding="utf-8") as file:
        work = json.load(file)
    made = {"saved_model": saved_model, "ctranslate2": ctranslate2, "hugging_face": hugging_face}
    answer = made[engine](folder, work)
    with ThreadPoolExecutor(work["at_once"]) as pool:
        for line in sys.stdin:
            asked = line.strip()
            if asked == "alone":
                told = [seconds_of(lambda one=one: answer([one]))[0] for one in work["alone"]]
            else:
                seconds, found = seconds_of(lambda: list(pool.map(answer, work["chunks"])))
                told = found if asked == "answers" else seconds
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main(*sys.argv[1:])
