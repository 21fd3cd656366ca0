"""The routes under `/api`."""

from __future__ import annotations

from starlette.routing import Route

from watchfloor.web.rest.feeds import feeds
from watchfloor.web.rest.panels import PATH, panel_csv, panel_json, panel_list

ROUTES = [
    Route(PATH, panel_list, name="api-panels"),
    Route(f"{PATH}/{{plugin}}/{{name}}.csv", panel_csv, name="api-csv"),
    Route(f"{PATH}/{{plugin}}/{{name}}", panel_json, name="api-panel"),
    Route("/api/v1/feeds", feeds, name="api-feeds"),
]
