"""An engine that generates when it is told to: python decoding_engine.py ENGINE FOLDER WORK.

A program of its own, so that engines of other environments are timed in turns. WORK is JSON:
{"chunks": texts or ids in batches of like length, "alone": some texts or ids, "settings": of the
engine}. Each line read is "chunks" or "alone"; it prints the seconds of each of them, as JSON, or
for "answers" what it has found for the chunks.
"""

import json
import os
import sys
import time


def saved_model(folder, settings):
    """Serves what `seq2seq export` wrote: texts in, texts out."""
    import tensorflow as tf
    import tensorflow_text  # noqa: F401 registers its ops

    tf.config.threading.set_intra_op_parallelism_threads(settings.get("intra", 0))
    tf.config.threading.set_inter_op_parallelism_threads(settings.get("inter", 0))
    loaded = tf.saved_model.load(folder)
    serve = loaded.signatures["serving_default"]

    def answer(texts):
        found = serve(text=tf.constant(texts))
        return [text.decode() for text in found["text"].numpy().tolist()]

    answer.loaded = loaded
    return answer


def ctranslate2(folder, settings):
    """Translates pieces of what `seq2seq export --engine ctranslate2` wrote."""
    import ctranslate2 as engine

    made = {"compute_type": settings["compute"], "inter_threads": 1, "intra_threads": 2}
    translator = engine.Translator(folder, **made | settings.get("translator", {}))

    def answer(sources):
        found = translator.translate_batch(sources, **settings["search"])
        return [each.hypotheses[0] for each in found]

    return answer


def hugging_face(folder, settings):
    """Generates ids by transformers' M2M100, whose layers are those of our Transformer."""
    import torch
    from hugging_face_model import model_of

    torch.set_num_threads(2)
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


def timed(answer, chunks):
    """Answers chunks -> the seconds of each, what was found."""
    seconds, found = [], []
    for chunk in chunks:
        began = time.perf_counter()
        found.append(answer(chunk))
        seconds.append(time.perf_counter() - began)
    return seconds, found


def main(engine, folder, work):
    work = json.load(open(work, encoding="utf-8"))
    made = {"saved_model": saved_model, "ctranslate2": ctranslate2, "hugging_face": hugging_face}
    answer = made[engine](folder, work["settings"])
    chunks = {"chunks": work["chunks"], "alone": [[one] for one in work["alone"]]}
    for line in sys.stdin:
        asked = line.strip()
        seconds, found = timed(answer, chunks["chunks" if asked == "answers" else asked])
        print(json.dumps(found if asked == "answers" else seconds), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main(*sys.argv[1:])
