"""A SavedModel of a few core ops, quick to write and to load, with signatures of every kind."""

import tensorflow as tf

TEXT = tf.TensorSpec([None], tf.string, name="text")


class Speller(tf.Module):
    """Tells the characters of a text one by one; says nothing of "silence"."""

    @tf.function(input_signature=[TEXT])
    def begin(self, text):
        return [tf.strings.unicode_decode(text[0], "UTF-8"), text[0] == "silence"]

    @tf.function(
        input_signature=[
            tf.TensorSpec([], tf.int32, name="position"),
            [tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.bool)],
        ]
    )
    def advance(self, position, live):
        codes, silent = live
        tf.debugging.assert_less(position, 20, "too much to tell")
        token = tf.where(silent, 0, tf.pad(codes, [[0, 1]])[position])  # PAD of an empty text
        return {"token": token, "done": position + 1 == tf.size(codes), "live": live}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="ids")])
    def spell(self, ids):
        return tf.strings.unicode_encode(ids, "UTF-8")


class Shouter(tf.Module):
    """Spells texts in capitals and scores them by their lengths; fails on "fail"."""

    def __init__(self, factor=-0.5):
        super().__init__()
        self.factor = tf.Variable(factor)
        self.stream = Speller()

    @tf.function(input_signature=[TEXT])
    def serving_default(self, text):
        refused = tf.debugging.assert_none_equal(text, "fail", message="the word fail was given")
        with tf.control_dependencies([refused]):
            shouted = tf.strings.upper(text, encoding="utf-8")
        length = tf.strings.length(text, unit="UTF8_CHAR")
        return {"text": shouted, "score": self.factor * tf.cast(length, tf.float32)}

    @tf.function(input_signature=[TEXT])
    def plain(self, text):
        return {"text": tf.strings.upper(text, encoding="utf-8")}

    @tf.function(input_signature=[TEXT])
    def detailed(self, text):
        pieces = tf.strings.unicode_split(text, "UTF-8")
        codes = tf.strings.unicode_decode(text, "UTF-8")
        length = tf.cast(pieces.row_lengths(), tf.int32)
        found = {"pieces": pieces.to_tensor(""), "codes": codes.to_tensor(0), "length": length}
        return found | {"raw_bytes": text, "long": tf.cast(length, tf.int64), "empty": length == 0}

    @tf.function(
        input_signature=[
            TEXT,
            tf.TensorSpec([None], tf.float32, name="temperature"),
            tf.TensorSpec([None], tf.int64, name="seed"),
        ]
    )
    def sample(self, text, temperature, seed):
        number = tf.strings.as_string(tf.cast(seed, tf.float32) * temperature)
        return {"text": text + number, "score": temperature}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32, name="ids")])
    def detokenize(self, ids):
        return {"text": tf.strings.reduce_join(tf.strings.as_string(ids), 1, separator=" ")}

    @tf.function(input_signature=[TEXT])
    def count(self, text):
        return {"count": tf.size(text)}


def write_model(folder, factor=-0.5):
    """Writes a version, such as saved_models/shouter/1, as a whole."""
    model = Shouter(factor)
    names = ["serving_default", "plain", "detailed", "sample", "detokenize", "count"]
    signatures = {name: getattr(model, name) for name in names}
    unfinished = folder.parent / f"unfinished-{folder.name}"
    tf.saved_model.save(model, str(unfinished), signatures)
    unfinished.rename(folder)
