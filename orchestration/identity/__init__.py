"""Who is who: identifiers become persons, under rules, explained, reversible, with stable ids.

``resolve`` reads ``identity.identifiers``, ``identity.merge_edges`` and ``rules.identity_*`` and
writes ``identity.persons``, ``person_links``, ``history`` and ``cut_edges``.
"""

from orchestration.identity.resolve import Summary, resolve
from orchestration.identity.rules import IdentityError

__all__ = ["IdentityError", "Summary", "resolve"]
