"""Routing: which handler answers."""

from .converters import Converter, register_converter
from .origin import folder_of, origin_of
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
    PageOptions,
    Route,
    RouteOptions,
    WebSocketOptions,
    WebSocketRoute,
    flat_route,
    handler_name,
)
from .router import APIRouter, host_routers
from .tree import RouteTree
from .versions import APIVersions, Deprecation, expand_routes
from .view import route_options

__all__ = [
    "APIRouter",
    "APIVersions",
    "Converter",
    "Deprecation",
    "FlatRoute",
    "FrontendRoute",
    "HostRoute",
    "Layer",
    "Middleware",
    "Mount",
    "NoMatchFound",
    "OnDisconnect",
    "PageOptions",
    "PathPattern",
    "ReverseTable",
    "Route",
    "RouteOptions",
    "RouteTree",
    "WebSocketOptions",
    "WebSocketRoute",
    "expand_routes",
    "flat_route",
    "folder_of",
    "handler_name",
    "host_routers",
    "origin_of",
    "register_converter",
    "route_options",
]
