"""Whether attributes arrive: without them the live page stays empty, however alive the feeds are."""

from __future__ import annotations

from watchfloor import Check, Health, Probe

_TOPIC = "misp_json_attribute"
_SETTING = "Plugin.ZeroMQ_attribute_notifications_enable"


async def attributes(probe: Probe) -> Health:
    """A warning for feeds that are alive and have not sent one; MISP's setting for it is off, mostly."""
    telling = [feed for feed in probe.feeds if feed.state == "alive" and feed.topics]
    silent = [feed.name for feed in telling if _TOPIC not in feed.topics]
    if silent:
        return Health(
            "warning",
            f"{', '.join(silent)} has not sent an attribute yet: switch on {_SETTING} in MISP, under "
            "Administration, Server Settings, Plugin, ZeroMQ.",
        )
    return Health(
        "ok", "Attributes arrive." if telling else "It waits for a feed that is alive and has sent something."
    )


CHECKS = (Check("attributes", attributes, meaning="Attributes as they are added or edited in MISP."),)
