"""Which of MISP's settings switches on which topic of its ZMQ publisher."""

from __future__ import annotations

_ENABLE = "Plugin.ZeroMQ_enable"
_SWITCHED = {
    "misp_json_event": "event",
    "misp_json_attribute": "attribute",
    "misp_json_object": "object",
    "misp_json_object_reference": "object_reference",
    "misp_json_tag": "tag",
    "misp_json_sighting": "sighting",
    "misp_json_organisation": "organisation",
    "misp_json_user": "user",
    "misp_json_audit": "audit",
    "misp_json_warninglist": "warninglist",
}
SETTINGS = {
    "misp_json": _ENABLE,
    "misp_json_conversation": _ENABLE,
    "misp_json_self": _ENABLE,
    **{topic: f"Plugin.ZeroMQ_{name}_notifications_enable" for topic, name in _SWITCHED.items()},
}
"""The setting for each topic; a workflow's module sends `misp_json_workflow` without one."""
