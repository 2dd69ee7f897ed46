"""Characters that stand for something in a text that is still being read."""

HOLE = "\ufffc"  # U+FFFC OBJECT REPLACEMENT CHARACTER: something is read here that we cannot know
# The others do not outlive the reading of a page, and no page may hold them.
GONE = "\x01"  # something stood here that leaves nothing: a note, a file, a silent template
HEAD = "\x02"  # a heading: then its level and its title
UNKNOWN = "\x03"  # an unknown template, until its place tells a note or a box from a hole
INDENTED = "\x1f"  # the space a preformatted line begins with; Python strips it as it does spaces
