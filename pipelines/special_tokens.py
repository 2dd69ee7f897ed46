"""The four ids that mean the same in every vocabulary."""

PAD, START, END, UNKNOWN = range(4)
