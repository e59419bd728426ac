"""From vendors into the raw schemas, through the guard.

What every load needs of dlt is set here, before anything imports dlt and reads its configuration,
unless the environment says otherwise: load ids on Arrow tables (staging reads complete loads only),
no compression of files that live for seconds, nothing left behind in the merge's own schema, no
telemetry, and no log of its own: it would repeat errors of the server, which quote rows.
"""

import os

DLT_SETTINGS = {
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "true",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
}
os.environ.update({name: value for name, value in DLT_SETTINGS.items() if name not in os.environ})
