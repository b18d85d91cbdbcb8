"""Routing: which handler answers."""

from .converters import Converter, register_converter
from .pattern import PathPattern
from .reverse import NoMatchFound, ReverseTable
from .route import (
    FlatRoute,
    FrontendRoute,
    HostRoute,
    Layer,
    Middleware,
    Mount,
    OnDisconnect,
    Route,
    RouteOptions,
    WebSocketOptions,
    WebSocketRoute,
    handler_name,
)
from .router import APIRouter
from .tree import RouteTree
from .view import route_options

__all__ = [
    "APIRouter",
    "Converter",
    "FlatRoute",
    "FrontendRoute",
    "HostRoute",
    "Layer",
    "Middleware",
    "Mount",
    "NoMatchFound",
    "OnDisconnect",
    "PathPattern",
    "ReverseTable",
    "Route",
    "RouteOptions",
    "RouteTree",
    "WebSocketOptions",
    "WebSocketRoute",
    "handler_name",
    "register_converter",
    "route_options",
]
