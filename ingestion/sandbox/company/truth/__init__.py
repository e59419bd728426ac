"""Ground truth: what really happened, kept apart from everything the vendors serve.

The tables are described in the README of ``ingestion/sandbox/company``.
"""

from ingestion.sandbox.company.truth.ledger import Ledger

__all__ = ["Ledger"]
