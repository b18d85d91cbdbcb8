"""`fastapi.openapi`: the document and its pages."""
