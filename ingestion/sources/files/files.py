"""Files that third parties drop -> Postgres schema ``raw_files``.

A folder or bucket (``base_url``) with one folder per feed: ``ads/<account>/``, ``pos/<store>/``,
``calls/``, ``tickets/``, ``consents/<office>/``; formats, grain and keys stand in the module of
each feed.
Cursor: none. Every file whose size or time changed is read, however old its name; see
`ingestion.sources.files.exports` for which of several files counts. ``full_read`` reads all again.
Bad rows go to quarantine and their neighbours on; a file without its columns goes there as one row
and is tried again each run; a file still being written waits.
Deletions: a row that a newer export of the same days no longer has is deleted. A file that
disappears deletes nothing: folders are tidied.
Known limits: a file changed within its size and time stamp's resolution is not noticed; two
accounts that report the same days must drop into folders of their own.
"""

import logging
from collections.abc import Callable, Iterator
from typing import NoReturn

import dlt
from dlt.sources import DltResource

from ingestion.guard.gate import Guard
from ingestion.guard.reasons import Reason
from ingestion.guard.store import Rejected
from ingestion.sources.files.exports import Partitions, Versions
from ingestion.sources.files.feeds import SOURCE, Feed
from ingestion.sources.files.files_shapes import FEEDS
from ingestion.sources.files.folder import (
    DropFile,
    Folder,
    UnfinishedFileError,
    UnreadableFileError,
)
from ingestion.sources.resources import CONTRACT, Batch, picked, reader
from ingestion.sources.session import Session

log = logging.getLogger(__name__)


@dlt.source(  # type: ignore[untyped-decorator]
    name=SOURCE, section="files", max_table_nesting=0, schema_contract=CONTRACT
)
def files(
    base_url: str = dlt.config.value, full_read: bool = False, as_of: str | None = None
) -> list[DltResource]:
    """Return the resources of all feeds; settings under ``[sources.files]``."""
    folder = Folder("files", base_url)
    session = Session(SOURCE, _no_server, as_of)
    made: list[DltResource] = []
    for feed in FEEDS:
        pages = reader(f"{feed.name}_files", _reading(feed, session, folder, full_read))
        made += [pages, *(picked(shape, pages) for shape in feed.shapes)]
    return made


def _no_server() -> NoReturn:
    raise NotImplementedError("files come from no server")


def _reading(
    feed: Feed, session: Session, folder: Folder, full_read: bool
) -> Callable[[], Iterator[Batch]]:
    def read() -> Iterator[Batch]:
        state = dlt.current.resource_state()
        with session.reading(*(shape.resource for shape in feed.shapes)) as guard:
            folder.check()
            before: dict[str, str] = {} if full_read else state.get("files", {})
            found = folder.listed(feed.pattern)
            changed = [file for file in found if before.get(file.path) != file.fingerprint]
            chooser = Partitions(session, feed) if feed.is_partitioned else Versions(session, feed)
            done = {f.path: f.fingerprint for f in found if f not in changed}
            yield {}
            for file in changed:
                batch = _rows(feed, guard, folder, chooser, file)
                if batch is not None:
                    done[file.path] = file.fingerprint
                    yield batch
            state["files"] = done

    return read


def _rows(
    feed: Feed, guard: Guard, folder: Folder, chooser: Partitions | Versions, file: DropFile
) -> Batch | None:
    """Return what counts of one file; nothing when it cannot be read (yet)."""
    try:
        sheet = feed.read(folder.read(file), file)
    except UnfinishedFileError:
        log.warning("files: one file of %s is not finished; it waits for the next run", feed.name)
        return None
    except UnreadableFileError as error:
        log.warning("files: one file of %s lacks columns; see quarantine.rows", feed.name)
        sample = f'{{"file": "{feed.name}", "missing_columns": {len(error.missing)}}}'
        hashed = guard.keyer.keys("source_key", [file.path])[0]
        resource = feed.shapes[0].resource
        guard.turn_away(resource, [Rejected(resource, Reason.MISSING_KEY, hashed, sample)])
        return None
    return chooser.winning(file, sheet, feed.admit(guard, sheet))
