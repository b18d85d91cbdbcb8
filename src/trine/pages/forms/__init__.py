"""Forms: a Pydantic model as something that people fill in, checked on the server, with its errors beside its fields."""

from .form import BoundField, ModelForm
from .html import Html
from .query_form import QueryForm
from .widget import Email, PhoneNumber, Widget

__all__ = ["BoundField", "Email", "Html", "ModelForm", "PhoneNumber", "QueryForm", "Widget"]
