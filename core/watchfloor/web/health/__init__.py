"""How the site is, hop by hop: for people on the Health page, for machines under `/ready` and `/metrics`."""
