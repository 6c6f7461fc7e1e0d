"""The service as an OpenAPI 3.1 document, generated from the model package that answers."""

from serving.openapi.document import describe

__all__ = ["describe"]
