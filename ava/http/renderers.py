"""How answers are written."""

from rest_framework.renderers import JSONRenderer


class AsciiJSONRenderer(JSONRenderer):
    """JSON in ASCII: a caller or a provider may have named half a surrogate pair, which JSON can
    name and UTF-8 cannot hold."""

    ensure_ascii = True
