"""The web shell: pages, panels, live stream and static files around what the plugins declare."""
