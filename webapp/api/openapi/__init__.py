"""The definition of the API: OpenAPI 3.1, made from the models that the routes read their parameters with."""

from webapp.api.answers import for_programs
from webapp.api.openapi.views import blueprint

for_programs(blueprint)

__all__ = ["blueprint"]
