"""How TensorFlow Serving joins requests, where it is run with --enable_batching.

It reads a version's batching_params.pbtxt with --enable_per_model_batching_parameters; its number
of threads then comes from the file that --batching_parameters_file names.

A Transformer of 3 + 3 layers, 256 wide, with a beam of 5, asked through the C library for 1, 2, 4,
8, 16 and 32 lines of Multi30k's test set at a time, as they come, answered 5.8, 10.0, 14.2, 16.0,
19.1 and 16.8 of them a second. Two shared cores had other work then, more of it beside the small
sizes: no more is gained beyond 16 rows, and a batch of 32 takes twice as long.
So a batch has room for 32, which is the largest request that is taken, too; 16 batches are what
these cores answer within REST's 30 seconds; and 2 ms are little beside a batch's least 150.
"""

BATCHING = """\
max_batch_size { value: 32 }
batch_timeout_micros { value: 2000 }
max_enqueued_batches { value: 16 }
"""
