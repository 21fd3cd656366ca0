"""The worker: messages of the streams -> activities -> handlers -> one transaction."""
