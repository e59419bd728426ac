"""Matomo's reporting API (https://developer.matomo.org/api-reference/reporting-api).

One call is one POST to ``index.php``; what is wrong comes as HTTP 200 with ``result: error``.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from ingestion.sources.errors import CredentialsError, SourceError, WrongAnswerError
from ingestion.sources.session import Session

# Oldest major version whose visit details look like this.
_OLDEST_VERSION = 4


class Matomo:
    """Matomo's reporting API; every call is a POST, so that the token is in no address."""

    def __init__(self, session: Session, token: str, site_id: int, page_size: int) -> None:
        self._session = session
        self._token = token
        self._site = site_id
        self._page = page_size

    def check_version(self) -> None:
        """Refuse versions whose answers are shaped differently."""
        answer = self._call("API.getMatomoVersion")
        version = str(answer.get("value", "") if isinstance(answer, dict) else answer)
        major = version.partition(".")[0]
        if major.isdigit() and int(major) < _OLDEST_VERSION:
            raise SourceError(
                "matomo",
                f"Matomo {major} is too old",
                f"update it to version {_OLDEST_VERSION} or later",
            )

    def site(self) -> dict[str, Any]:
        """Return the site's settings."""
        answer = self._call("SitesManager.getSiteFromId", idSite=self._site)
        found = answer[0] if isinstance(answer, list) and answer else answer
        if not isinstance(found, dict) or not found:
            raise SourceError(
                "matomo", f"site {self._site} does not exist", "set [sources.matomo] site_id"
            )
        return found

    def visits(self, day: date) -> Iterator[list[Any]]:
        """Yield the visits of one day in pages, and those that paging lost."""
        seen: set[str] = set()
        offset = 0
        while True:
            page = self._visits(day, self._page, offset)
            fresh = [v for v in page if _id(v) not in seen]
            if len(page) >= self._page and not fresh:
                raise WrongAnswerError("matomo", f"the visits of {day} page in a circle")
            seen |= {_id(v) for v in fresh}
            if fresh:
                yield fresh
            if len(page) < self._page:
                break
            offset += len(page)
        if offset:
            whole = self._visits(day, -1, 0, doNotFetchActions=1, showColumns="idVisit")
            if {_id(v) for v in whole} - seen:
                yield [v for v in self._visits(day, -1, 0) if _id(v) not in seen]

    def _visits(self, day: date, limit: int, offset: int, **more: Any) -> list[Any]:
        answer = self._call(
            "Live.getLastVisitsDetails",
            idSite=self._site,
            period="day",
            date=day.isoformat(),
            filter_limit=limit,
            filter_offset=offset,
            **more,
        )
        if not isinstance(answer, list):
            raise WrongAnswerError("matomo", f"the visits of {day} are not a list")
        return answer

    def _call(self, method: str, **arguments: Any) -> Any:
        form = {
            "module": "API",
            "method": method,
            "format": "JSON",
            "token_auth": self._token,
            **arguments,
        }
        answer = self._session.transport.json("POST", "/index.php", data=form)
        if isinstance(answer, dict) and answer.get("result") == "error":
            said = str(answer.get("message", "")).lower()
            if "token" in said or "authenticat" in said:
                raise CredentialsError("matomo")
            if "access" in said or "permission" in said:
                raise SourceError(
                    "matomo",
                    f"the token may not read site {self._site}",
                    "give its user view access to the site, or set site_id",
                )
            raise SourceError(
                "matomo",
                f"{method} was refused",
                "check [sources.matomo] site_id and the Matomo version",
            )
        return answer


def _id(visit: Any) -> str:
    return str(visit.get("idVisit")) if isinstance(visit, dict) else f"?{id(visit)}"
