"""The routes under `/api`."""

from __future__ import annotations

from starlette.routing import Route

from watchfloor.web.rest.feeds import feeds
from watchfloor.web.rest.openapi import openapi
from watchfloor.web.rest.panels import panel_csv, panel_json, panel_list

ROUTES = [
    Route("/v1/panels", panel_list, name="api-panels"),
    Route("/v1/panels/{plugin}/{name}.csv", panel_csv, name="api-csv"),
    Route("/v1/panels/{plugin}/{name}", panel_json, name="api-panel"),
    Route("/v1/feeds", feeds, name="api-feeds"),
    Route("/openapi.json", openapi, name="openapi"),
]
