"""The API: every panel as JSON and CSV, the feeds, and the description of all that, from the declarations."""
