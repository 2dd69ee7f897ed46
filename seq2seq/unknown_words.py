"""Words that a vocabulary lacks, taken from the source."""

import tensorflow as tf

from pipelines.special_tokens import PAD


def spelt_by_attention(generator, text, ids):
    """Spells targets; an unknown id becomes the word of the source that was read most for it.

    Jean et al. (2015), section 3.3. Where a source has no words, unknown ids are spelt as ever.
    All ids are forced upon the model once more, so any search and model will do.

    Args:
        text: sources [B].
        ids: targets [B, N, T], PAD at the end.

    Returns:
        text [B, N].
    """
    shape = tf.shape(ids)
    # One row more, since recurrent layers fail on none.
    rows = tf.pad(tf.reshape(ids, [shape[0] * shape[1], shape[2]]), [[0, 1], [0, 0]])
    texts = tf.concat([tf.repeat(text, shape[1]), [""]], axis=0)
    attention = generator.forced(texts, rows)["attention"]
    words = generator.source_tokenizer.words_of(texts)[:, : generator.max_source - 1].to_tensor("")
    # As wide as the ids that were read, the last of which is END.
    words = tf.pad(words, [[0, 0], [0, tf.shape(attention)[2] - tf.shape(words)[1]]])
    read = tf.where(words[:, None] == "", -1.0, attention)
    instead = tf.gather(words, tf.argmax(read, axis=-1), batch_dims=1)
    said = tf.RaggedTensor.from_tensor(rows, padding=PAD)
    instead = tf.RaggedTensor.from_tensor(instead, lengths=said.row_lengths())
    spelt = generator.target_tokenizer.detokenize_with(said, instead)[:-1]
    return tf.reshape(spelt, shape[:2])
