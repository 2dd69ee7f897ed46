"""The N best targets of each text."""

from seq2seq.signatures.signature import Signature


class NBest(Signature):
    """Gives the N best targets of each text, best first.

    N is what the generator's search finds. Where it finds fewer, an empty text with a score of
    -1e9 stands.
    """

    outputs = {"text": "BN", "score": "BN"}

    def answer(self, text):
        return self.generator.nbest(text)
