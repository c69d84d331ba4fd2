-- Imports: mappings that people saved, and what became of the files they sent.

CREATE TABLE import_mapping(
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  columns TEXT NOT NULL,
  saved_at INTEGER NOT NULL,
  saved_by TEXT NOT NULL
) STRICT;

-- `summary` is what the API says of the session. One whose state is waiting, checking or writing
-- when the daemon starts was cut off, and has failed.
CREATE TABLE import_session(
  id BLOB PRIMARY KEY,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  summary TEXT NOT NULL
) STRICT;
CREATE INDEX import_session_created ON import_session(created_at, id);

