"""How TensorFlow Serving joins requests, where it is run with --enable_batching.

It reads a version's batching_params.pbtxt with --enable_per_model_batching_parameters; its number
of threads then comes from the file that --batching_parameters_file names.

A Transformer of 3 + 3 layers, 256 wide, with a beam of 5, on two cores, a batch on each, asked for
the 1,000 lines of Multi30k's test set by 512 connections at once: in batches of 32 it answered 117
a second where `seq2seq generate` answers 152, in batches of 64, 154 for 178. So a batch has room
for 64, which is the largest request that is taken, too. A full queue of 16 batches is answered in
some 10 seconds of REST's 30; and 2 ms are little beside the 75 of a text alone.
"""

BATCHING = """\
max_batch_size { value: 64 }
batch_timeout_micros { value: 2000 }
max_enqueued_batches { value: 16 }
"""
