"""The choice of a database role, shared by the commands that take one."""

from ingestion.settings import SettingsError

ROLE_HELP = "analyst, marketer, sales, service, auditor, … or admin; see grants.yml."


def checked_role(role: str) -> str:
    """Return ``role`` when somebody can log in as it.

    Raises:
        SettingsError: when there is no such role.
    """
    from orchestration.warehouse.declaration import load

    known = [name for name, declared in load().roles.items() if declared.login] + ["admin"]
    if role not in known:
        raise SettingsError(f"no role {role}: choose one of {', '.join(known)}")
    return role
