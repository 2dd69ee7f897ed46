"""A client of the REST interface, as small as they get."""

import json
import urllib.error
import urllib.request


class Client:
    """Asks a server -> (status, JSON)."""

    def __init__(self, url, model="shouter"):
        self.url, self.model = url, f"/v1/models/{model}"

    def raw(self, path, body=None, **more):
        request = urllib.request.Request(self.url + path, body, **more)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.read(), reply.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers

    def get(self, path=""):
        status, body, _ = self.raw(self.model + path)
        return status, json.loads(body)

    def post(self, body, path=":predict"):
        given = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, reply, _ = self.raw(self.model + path, given)
        return status, json.loads(reply)

    def predict(self, **body):
        status, reply = self.post(body)
        assert status == 200, reply
        return reply
