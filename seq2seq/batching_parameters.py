"""How TensorFlow Serving joins requests, where it is run with --enable_batching.

It reads a version's batching_params.pbtxt with --enable_per_model_batching_parameters; its number
of threads then comes from the file that --batching_parameters_file names.
"""

BATCHING = """\
max_batch_size { value: 64 }
batch_timeout_micros { value: 2000 }
max_enqueued_batches { value: 16 }
"""
