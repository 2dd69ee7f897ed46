"""Cuts the XML of a dump into chunks of whole pages."""

from collections.abc import Iterator

BEGIN = b"<page>"
END = b"</page>"
LAST = b"</mediawiki>"


class PageCutter:
    """Takes the XML that follows a dump's head in blocks of any size, gives chunks of whole pages.

    A chunk ends with the first page that ends `chunk_bytes` or more after the chunk before, so the
    places do not depend on the blocks. A page of more than `largest_page` bytes is left out and
    counted in `skipped`: no more than it and a block are ever held.
    """

    def __init__(self, chunk_bytes: int, largest_page: int):
        if not 0 < chunk_bytes <= largest_page:
            raise ValueError(
                f"a chunk of {chunk_bytes} bytes must have at least 1 and at most as many as "
                f"the largest page, {largest_page}"
            )
        self.skipped = 0
        self._chunk_bytes, self._largest_page = chunk_bytes, largest_page
        self._held = bytearray()
        self._searched = 0  # no chunk ends before this place of what is held
        self._inside_large = False

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Yields the chunks that are whole with this block."""
        self._held += block
        while True:
            least = 0 if self._inside_large else self._chunk_bytes - len(END)
            end = self._held.find(END, max(least, self._searched)) + len(END)
            if end < len(END):
                break
            yield from self._take(end)
        self._searched = max(0, len(self._held) - len(END) + 1)
        if self._inside_large:
            self._drop(self._searched)
        elif len(self._held) > self._largest_page:
            yield from self._leave_large()

    def rest(self) -> tuple[bytes, bytes]:
        """Returns the whole pages still held, and what follows them; then nothing is held."""
        held, self._held, self._searched = bytes(self._held), bytearray(), 0
        if self._inside_large:
            return b"", held
        end = held.rfind(END) + len(END)
        return (held[:end], held[end:]) if end >= len(END) else (b"", held)

    def _take(self, end: int) -> Iterator[bytes]:
        """Yields what is held up to `end`, where a page ends, unless that page is too large."""
        if not self._inside_large:
            begin = self._large_page(end)
            if begin:
                yield self._copy(begin)
            self.skipped += begin < end
        self._inside_large = False
        self._drop(end)

    def _large_page(self, end: int) -> int:
        """Returns where the page that ends at `end` begins if it is too large, else `end`."""
        if end <= self._largest_page:
            return end
        begin = self._held.rfind(END, 0, end - len(END)) + len(END)
        begin = begin if begin >= len(END) else 0
        return begin if end - begin > self._largest_page else end

    def _leave_large(self) -> Iterator[bytes]:
        """Gives up the page at the end of what is held, if it is too large already."""
        begin = self._held.rfind(END) + len(END)
        begin = begin if begin >= len(END) else 0
        if len(self._held) - begin <= self._largest_page:
            return
        if begin:
            yield self._copy(begin)
        self.skipped += 1
        self._inside_large = True
        self._drop(len(self._held) - len(END) + 1)

    def _copy(self, end: int) -> bytes:
        """Copies once; a slice of a bytearray would be a copy of its own."""
        with memoryview(self._held) as held:
            return bytes(held[:end])

    def _drop(self, end: int) -> None:
        del self._held[:end]
        self._searched = 0
