"""The rule files that marketing and IT edit: found wrong before anything is built on them."""

from orchestration.rules.faults import Fault, RuleFileError, check, faults

__all__ = ["Fault", "RuleFileError", "check", "faults"]
