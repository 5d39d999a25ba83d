"""Times in query strings, wherever the OpenAPI document has one."""

from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient


def test_a_plus_that_was_not_escaped_is_one_in_every_time_of_a_query(api: APIClient) -> None:
    walked = 0
    document = SchemaGenerator().get_schema(request=None, public=True)
    for path, operations in document["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", ()):
            if parameter["in"] == "query" and parameter["schema"].get("format") == "date-time":
                query = f"{parameter['name']}=2026-11-01T00:00:00+02:00"
                assert api.get(f"{path}?{query}").status_code == 200, (path, query)
                walked += 1
    assert walked
