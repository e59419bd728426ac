"""The consent ledger and what follows from it; never imports dagster."""
