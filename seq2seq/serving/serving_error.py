"""What a client is told when it gets no answer."""

# The codes of google/rpc/code.proto, in its order, with the status that TensorFlow Serving answers
# (`ToHTTPStatusCode` of its net_http); the last is HTTP's own.
STATUS = {
    "OK": 200,
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
    "BODY_TOO_LARGE": 413,
}
CODES = tuple(STATUS)


class ServingError(Exception):
    """Ends a request with a code of `STATUS` and a message for the client."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code

    @property
    def status(self) -> int:
        """The status of HTTP."""
        return STATUS[self.code]


def wrong(message: str) -> ServingError:
    """Says that a request is wrong, whatever the state of the server."""
    return ServingError("INVALID_ARGUMENT", message)
