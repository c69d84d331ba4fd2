-- What a row of the log says of its record beside the line: the label people knew it by, and the
-- customer whose scope decided who saw it. Null in rows from before this.
ALTER TABLE change_log ADD COLUMN label TEXT;
ALTER TABLE change_log ADD COLUMN customer BLOB;

-- The log is only ever appended to; the chain would tell, this refuses.
CREATE TRIGGER change_log_is_not_edited BEFORE UPDATE ON change_log BEGIN
  SELECT RAISE(ABORT, 'the change log cannot be edited');
END;
CREATE TRIGGER change_log_is_kept BEFORE DELETE ON change_log BEGIN
  SELECT RAISE(ABORT, 'rows of the change log cannot be deleted');
END;
