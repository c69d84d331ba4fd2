-- The foundation: identity, the kinds of records, the log, what crosses the gap, access.
-- Times are milliseconds since 1970 unless a name says otherwise. Ids are 16 bytes.

CREATE TABLE meta(
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

-- Records. `version` is the n of central's version of the whole record, 0 at a site and before
-- central has seen it; `scope_customer` is the customer whose scope decides who sees the record,
-- `scope_place`, of an asset and what follows it, the customer where it stands;
-- `stamps` holds the stamp of each field (store/stamps.hpp).
CREATE TABLE customer(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  name TEXT NOT NULL,
  account_ref TEXT,
  legal_name TEXT,
  description TEXT,
  roles TEXT,
  website TEXT,
  address TEXT,
  disabled_at INTEGER,
  custom TEXT,
  archived_at INTEGER,
  locations INTEGER NOT NULL DEFAULT 0,
  assets_on_location INTEGER NOT NULL DEFAULT 0,
  assets_owned INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX customer_version ON customer(version, id) WHERE version > 0;
CREATE INDEX customer_name ON customer(name, id);
CREATE INDEX customer_account_ref ON customer(account_ref, id);
CREATE INDEX customer_disabled_at ON customer(disabled_at, id);
CREATE INDEX customer_disabled ON customer(id) WHERE disabled_at IS NOT NULL;
CREATE INDEX customer_country ON customer(substr(address,-15), id);
-- One for each of the roles. (customer_country: what an address ends with, see
-- store/list_conditions.cpp.)
CREATE INDEX customer_roles_customer ON customer(id) WHERE instr(roles,'"customer"')>0;
CREATE INDEX customer_roles_distributor ON customer(id) WHERE instr(roles,'"distributor"')>0;
CREATE INDEX customer_roles_supplier ON customer(id) WHERE instr(roles,'"supplier"')>0;
CREATE INDEX customer_updated_at ON customer(updated_at, id);
CREATE INDEX customer_archived ON customer(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE customer_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE customer_search_words USING fts5vocab(customer_search, instance);

CREATE TABLE contact(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  customer BLOB NOT NULL,
  email TEXT NOT NULL COLLATE NOCASE,
  first_name TEXT,
  last_name TEXT,
  title TEXT,
  phone TEXT,
  contact_ref TEXT,
  is_key_contact INTEGER,
  status TEXT,
  custom TEXT,
  archived_at INTEGER
) STRICT;
CREATE INDEX contact_version ON contact(version, id) WHERE version > 0;
CREATE INDEX contact_customer ON contact(customer, id);
CREATE INDEX contact_email ON contact(email, id);
CREATE INDEX contact_is_key_contact ON contact(is_key_contact, id);
CREATE INDEX contact_status ON contact(status, id);
CREATE INDEX contact_updated_at ON contact(updated_at, id);
CREATE INDEX contact_archived ON contact(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE contact_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE contact_search_words USING fts5vocab(contact_search, instance);

CREATE TABLE location(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  customer BLOB NOT NULL,
  name TEXT NOT NULL,
  address TEXT,
  in_inventory INTEGER,
  custom TEXT,
  archived_at INTEGER
) STRICT;
CREATE INDEX location_version ON location(version, id) WHERE version > 0;
CREATE INDEX location_customer ON location(customer, id);
CREATE INDEX location_customer_name ON location(customer, name, id);
CREATE INDEX location_name ON location(name, id);
CREATE INDEX location_country ON location(substr(address,-15), id);
CREATE INDEX location_in_inventory ON location(in_inventory, id);
CREATE INDEX location_updated_at ON location(updated_at, id);
CREATE INDEX location_archived ON location(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE location_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE location_search_words USING fts5vocab(location_search, instance);

CREATE TABLE note(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  subject BLOB NOT NULL,
  text TEXT NOT NULL,
  custom TEXT,
  archived_at INTEGER
) STRICT;
CREATE INDEX note_version ON note(version, id) WHERE version > 0;
CREATE INDEX note_subject ON note(subject, id);
CREATE INDEX note_updated_at ON note(updated_at, id);
CREATE INDEX note_archived ON note(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE note_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE note_search_words USING fts5vocab(note_search, instance);

CREATE TABLE product(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  sku TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  description TEXT,
  lease_seconds INTEGER,
  offline_lease_seconds INTEGER,
  grace_seconds INTEGER,
  archived_at INTEGER
) STRICT;
CREATE INDEX product_version ON product(version, id) WHERE version > 0;
CREATE INDEX product_sku ON product(sku, id);
CREATE INDEX product_name ON product(name, id);
CREATE INDEX product_type ON product(type, id);
CREATE INDEX product_updated_at ON product(updated_at, id);
CREATE INDEX product_archived ON product(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE product_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE product_search_words USING fts5vocab(product_search, instance);

CREATE TABLE asset(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  product BLOB NOT NULL,
  serial TEXT NOT NULL,
  owner BLOB,
  status TEXT,
  description TEXT,
  scrapped_on TEXT,
  disposal_reason TEXT,
  disposal_price TEXT,
  custom TEXT,
  archived_at INTEGER,
  location BLOB,
  in_transit INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX asset_version ON asset(version, id) WHERE version > 0;
CREATE INDEX asset_product ON asset(product, id);
CREATE INDEX asset_serial ON asset(serial, id);
CREATE INDEX asset_owner ON asset(owner, id);
CREATE INDEX asset_owner_serial ON asset(owner, serial, id);
CREATE INDEX asset_status ON asset(status, id);
CREATE INDEX asset_location ON asset(location, id);
CREATE INDEX asset_location_serial ON asset(location, serial, id) WHERE location IS NOT NULL;
CREATE INDEX asset_in_transit ON asset(id) WHERE in_transit=1;
CREATE INDEX asset_scrapped_on ON asset(scrapped_on, id);
CREATE INDEX asset_scrapped ON asset(id) WHERE scrapped_on IS NOT NULL;
CREATE INDEX asset_scope_place ON asset(scope_place, id) WHERE scope_place IS NOT NULL;
CREATE INDEX asset_scope_place_serial ON asset(scope_place, serial, id)
  WHERE scope_place IS NOT NULL;
CREATE INDEX asset_updated_at ON asset(updated_at, id);
CREATE INDEX asset_archived ON asset(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE asset_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE asset_search_words USING fts5vocab(asset_search, instance);

CREATE TABLE move(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  asset BLOB NOT NULL,
  from_location BLOB,
  to_location BLOB NOT NULL,
  shipped_expected INTEGER,
  shipped_at INTEGER,
  arrived_expected INTEGER,
  arrived_at INTEGER,
  carrier TEXT,
  tracking_number TEXT,
  note TEXT,
  custom TEXT,
  archived_at INTEGER
) STRICT;
CREATE INDEX move_version ON move(version, id) WHERE version > 0;
CREATE INDEX move_asset ON move(asset, id);
CREATE INDEX move_from_location ON move(from_location, id);
CREATE INDEX move_to_location ON move(to_location, id);
CREATE INDEX move_shipped_expected ON move(shipped_expected, id);
CREATE INDEX move_shipped_at ON move(shipped_at, id);
CREATE INDEX move_arrived_expected ON move(arrived_expected, id);
CREATE INDEX move_arrived_at ON move(arrived_at, id);
CREATE INDEX move_tracking_number ON move(tracking_number, id);
CREATE INDEX move_updated_at ON move(updated_at, id);
CREATE INDEX move_archived ON move(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE move_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE move_search_words USING fts5vocab(move_search, instance);

CREATE TABLE custom_field(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  record_kind TEXT NOT NULL,
  key TEXT NOT NULL,
  display_name TEXT,
  type TEXT NOT NULL,
  options TEXT,
  required INTEGER,
  "unique" INTEGER,
  position INTEGER,
  archived_at INTEGER
) STRICT;
CREATE INDEX custom_field_version ON custom_field(version, id) WHERE version > 0;
CREATE INDEX custom_field_record_kind ON custom_field(record_kind, id);
-- The custom fields of a kind as they are read for every new record: in their order, unsorted.
CREATE INDEX custom_field_record_kind_position ON custom_field(record_kind, position, id);
CREATE INDEX custom_field_position ON custom_field(position, id);
CREATE INDEX custom_field_updated_at ON custom_field(updated_at, id);
CREATE INDEX custom_field_archived ON custom_field(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE custom_field_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE custom_field_search_words USING fts5vocab(custom_field_search, instance);

-- The catalogue, what customers are entitled to, and what sites hold of it (ADR 0046, ADR 0047).
CREATE TABLE plan(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  name TEXT NOT NULL,
  license TEXT NOT NULL,
  starts TEXT,
  starts_on TEXT,
  duration TEXT,
  type TEXT NOT NULL,
  archived_at INTEGER
) STRICT;
CREATE INDEX plan_version ON plan(version, id) WHERE version > 0;
CREATE INDEX plan_name ON plan(name, id);
CREATE INDEX plan_updated_at ON plan(updated_at, id);
CREATE INDEX plan_archived ON plan(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE plan_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE plan_search_words USING fts5vocab(plan_search, instance);

CREATE TABLE feature(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  product BLOB NOT NULL,
  key TEXT NOT NULL,
  display_name TEXT,
  type TEXT NOT NULL,
  enabled INTEGER,
  amount INTEGER,
  archived_at INTEGER
) STRICT;
CREATE INDEX feature_version ON feature(version, id) WHERE version > 0;
CREATE INDEX feature_product ON feature(product, id);
CREATE INDEX feature_key ON feature(key, id);
CREATE INDEX feature_updated_at ON feature(updated_at, id);
CREATE INDEX feature_archived ON feature(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE feature_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE feature_search_words USING fts5vocab(feature_search, instance);

CREATE TABLE attribute(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  product BLOB NOT NULL,
  key TEXT NOT NULL,
  display_name TEXT,
  type TEXT NOT NULL,
  pattern TEXT,
  value TEXT,
  archived_at INTEGER
) STRICT;
CREATE INDEX attribute_version ON attribute(version, id) WHERE version > 0;
CREATE INDEX attribute_product ON attribute(product, id);
CREATE INDEX attribute_key ON attribute(key, id);
CREATE INDEX attribute_updated_at ON attribute(updated_at, id);
CREATE INDEX attribute_archived ON attribute(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE attribute_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE attribute_search_words USING fts5vocab(attribute_search, instance);

CREATE TABLE edition(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  product BLOB NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  features TEXT,
  attributes TEXT,
  archived_at INTEGER
) STRICT;
CREATE INDEX edition_version ON edition(version, id) WHERE version > 0;
CREATE INDEX edition_product ON edition(product, id);
CREATE INDEX edition_name ON edition(name, id);
CREATE INDEX edition_updated_at ON edition(updated_at, id);
CREATE INDEX edition_archived ON edition(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE edition_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE edition_search_words USING fts5vocab(edition_search, instance);

CREATE TABLE offering(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  sku TEXT NOT NULL,
  name TEXT,
  edition BLOB NOT NULL,
  plan BLOB NOT NULL,
  seats INTEGER NOT NULL,
  concurrency TEXT NOT NULL,
  overdraft TEXT,
  feature_overdraft TEXT,
  maintenance TEXT,
  usage_reset TEXT NOT NULL,
  lease_seconds INTEGER,
  offline_lease_seconds INTEGER,
  grace_seconds INTEGER,
  archived_at INTEGER
) STRICT;
CREATE INDEX offering_version ON offering(version, id) WHERE version > 0;
CREATE INDEX offering_sku ON offering(sku, id);
CREATE INDEX offering_edition ON offering(edition, id);
CREATE INDEX offering_plan ON offering(plan, id);
CREATE INDEX offering_updated_at ON offering(updated_at, id);
CREATE INDEX offering_archived ON offering(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE offering_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE offering_search_words USING fts5vocab(offering_search, instance);

CREATE TABLE sales_order(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  customer BLOB NOT NULL,
  order_ref TEXT,
  description TEXT,
  archived_at INTEGER
) STRICT;
CREATE INDEX sales_order_version ON sales_order(version, id) WHERE version > 0;
CREATE INDEX sales_order_customer ON sales_order(customer, id);
CREATE INDEX sales_order_order_ref ON sales_order(order_ref, id);
CREATE INDEX sales_order_updated_at ON sales_order(updated_at, id);
CREATE INDEX sales_order_archived ON sales_order(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE sales_order_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE sales_order_search_words USING fts5vocab(sales_order_search, instance);

CREATE TABLE activation_code(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  sales_order BLOB NOT NULL,
  digest TEXT NOT NULL,
  hint TEXT,
  disabled_at INTEGER,
  archived_at INTEGER
) STRICT;
CREATE INDEX activation_code_version ON activation_code(version, id) WHERE version > 0;
CREATE INDEX activation_code_sales_order ON activation_code(sales_order, id);
CREATE INDEX activation_code_digest ON activation_code(digest, id);
CREATE INDEX activation_code_disabled ON activation_code(id) WHERE disabled_at IS NOT NULL;
CREATE INDEX activation_code_updated_at ON activation_code(updated_at, id);
CREATE INDEX activation_code_archived ON activation_code(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE activation_code_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE activation_code_search_words USING fts5vocab(activation_code_search, instance);

CREATE TABLE entitlement(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  entitlement_ref TEXT,
  customer BLOB NOT NULL,
  sales_order BLOB,
  offering BLOB NOT NULL,
  product BLOB,
  seats INTEGER,
  concurrency TEXT,
  overdraft TEXT,
  feature_overdraft TEXT,
  license TEXT,
  starts TEXT,
  starts_on TEXT,
  duration TEXT,
  type TEXT,
  maintenance TEXT,
  usage_reset TEXT,
  lease_seconds INTEGER,
  offline_lease_seconds INTEGER,
  grace_seconds INTEGER,
  features TEXT,
  attributes TEXT,
  overridden TEXT,
  starts_at INTEGER,
  expires_at INTEGER,
  maintenance_until INTEGER,
  renewed_at INTEGER,
  disabled_at INTEGER,
  archived_at INTEGER
) STRICT;
CREATE INDEX entitlement_version ON entitlement(version, id) WHERE version > 0;
CREATE INDEX entitlement_entitlement_ref ON entitlement(entitlement_ref, id);
CREATE INDEX entitlement_customer ON entitlement(customer, id);
CREATE INDEX entitlement_sales_order ON entitlement(sales_order, id);
CREATE INDEX entitlement_offering ON entitlement(offering, id);
CREATE INDEX entitlement_product ON entitlement(product, id);
CREATE INDEX entitlement_expires_at ON entitlement(expires_at, id);
CREATE INDEX entitlement_unstarted ON entitlement(id)
  WHERE starts='first_activation' AND starts_at IS NULL;
CREATE INDEX entitlement_disabled ON entitlement(id) WHERE disabled_at IS NOT NULL;
CREATE INDEX entitlement_updated_at ON entitlement(updated_at, id);
CREATE INDEX entitlement_archived ON entitlement(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE entitlement_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE entitlement_search_words USING fts5vocab(entitlement_search, instance);

CREATE TABLE allocation(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  entitlement BLOB NOT NULL,
  site BLOB NOT NULL,
  seats INTEGER NOT NULL,
  amounts TEXT,
  until INTEGER NOT NULL,
  issue INTEGER NOT NULL,
  held_seats INTEGER,
  held_amounts TEXT,
  held_until INTEGER,
  disputed_seats INTEGER,
  disputed_amounts TEXT,
  disputed_until INTEGER,
  archived_at INTEGER,
  confirmed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX allocation_version ON allocation(version, id) WHERE version > 0;
CREATE INDEX allocation_entitlement ON allocation(entitlement, id);
CREATE INDEX allocation_site ON allocation(site, id);
CREATE INDEX allocation_until ON allocation(until, id);
CREATE INDEX allocation_disputed ON allocation(disputed_until) WHERE disputed_until IS NOT NULL;
CREATE INDEX allocation_updated_at ON allocation(updated_at, id);
CREATE INDEX allocation_archived ON allocation(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE allocation_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE allocation_search_words USING fts5vocab(allocation_search, instance);

CREATE TABLE allocation_receipt(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  allocation BLOB NOT NULL,
  issue INTEGER NOT NULL,
  in_use INTEGER NOT NULL,
  amounts TEXT,
  archived_at INTEGER
) STRICT;
CREATE INDEX allocation_receipt_version ON allocation_receipt(version, id) WHERE version > 0;
CREATE INDEX allocation_receipt_allocation ON allocation_receipt(allocation, id);
CREATE INDEX allocation_receipt_updated_at ON allocation_receipt(updated_at, id);
CREATE INDEX allocation_receipt_archived ON allocation_receipt(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE allocation_receipt_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE allocation_receipt_search_words USING fts5vocab(allocation_receipt_search, instance);

-- What happened to seats, as the machine says that gave them (ADR 0053).
CREATE TABLE usage_fact(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  entitlement BLOB NOT NULL,
  site TEXT NOT NULL,
  what TEXT NOT NULL,
  at INTEGER NOT NULL,
  activation TEXT,
  machine TEXT,
  user TEXT,
  feature TEXT,
  amount INTEGER NOT NULL,
  archived_at INTEGER
) STRICT;
CREATE INDEX usage_fact_version ON usage_fact(version, id) WHERE version > 0;
CREATE INDEX usage_fact_entitlement ON usage_fact(entitlement, id);
CREATE INDEX usage_fact_site ON usage_fact(site, id);
CREATE INDEX usage_fact_what ON usage_fact(what, id);
CREATE INDEX usage_fact_at ON usage_fact(at, id);
CREATE INDEX usage_fact_activation ON usage_fact(activation, id);
CREATE INDEX usage_fact_machine ON usage_fact(machine, id);
CREATE INDEX usage_fact_user ON usage_fact(user, id);
CREATE INDEX usage_fact_updated_at ON usage_fact(updated_at, id);
CREATE INDEX usage_fact_archived ON usage_fact(id) WHERE archived_at IS NOT NULL;
-- For reports of one customer, and for entitlements that begin with their first activation.
CREATE INDEX usage_fact_customer_at ON usage_fact(scope_customer, at);
CREATE INDEX usage_fact_first ON usage_fact(entitlement, at) WHERE what='activation';
-- For what sites used of an entitlement (store/allocations.hpp).
CREATE INDEX usage_fact_used ON usage_fact(entitlement, site, feature, at, amount)
  WHERE what='usage';
CREATE VIRTUAL TABLE usage_fact_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE usage_fact_search_words USING fts5vocab(usage_fact_search, instance);

-- The values of custom fields, by value: "asset.color" and what it is.
CREATE TABLE custom_value(
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY(field, value, record)
) STRICT, WITHOUT ROWID;

-- How many records of each kind there are (store/sqlite/tally.hpp).
CREATE TABLE tally(
  name TEXT PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A record that was deleted: kept so that no late bundle brings it back. `doc`: as it last was, for a
-- decision that it shall live again; empty where this machine never had it.
CREATE TABLE tombstone(
  record BLOB PRIMARY KEY,
  kind TEXT NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB NOT NULL,
  ord INTEGER NOT NULL,
  version INTEGER NOT NULL,
  deleted_at INTEGER NOT NULL,
  doc TEXT NOT NULL
) STRICT;
CREATE INDEX tombstone_version ON tombstone(version, record) WHERE version > 0;

-- The logs this machine keeps: its own (one per epoch, at central one per life) and, at a site, what
-- arrived from central. A later own one goes on where its parent ended: at row `parent_seq` of it,
-- and no later one of the parent's rows counts; `previous` is the epoch the machine was in, as far
-- as it knows. Of a site's own: central decided its rows up to `acked`, and those up to `durable`
-- are in a verified backup of central's.
CREATE TABLE log(
  number INTEGER PRIMARY KEY,
  epoch BLOB NOT NULL UNIQUE,
  purpose TEXT NOT NULL CHECK (purpose IN ('own', 'received')),
  ord INTEGER NOT NULL,
  parent_epoch BLOB,
  parent_seq INTEGER,
  parent_hash BLOB,
  previous BLOB,
  why TEXT,
  started_at INTEGER NOT NULL,
  upto INTEGER NOT NULL DEFAULT 9223372036854775807,
  acked INTEGER NOT NULL DEFAULT 0,
  durable INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Every change, in the order this machine recorded it (n); (log, seq) is its place in a chain:
-- hash = SHA-256(hash before ‖ line).
-- `label` is what people knew the record by, `customer` and `place` whose scope decided who saw it: the
-- log outlives the record. `seal` binds what stands beside the line to the row (store/change_log.hpp).
CREATE TABLE change_log(
  n INTEGER PRIMARY KEY,
  log INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  kind TEXT NOT NULL,
  record BLOB NOT NULL,
  recorded_at INTEGER NOT NULL,
  line TEXT NOT NULL,
  label TEXT NOT NULL,
  customer BLOB NOT NULL,
  place BLOB,
  seal BLOB NOT NULL
) STRICT;
-- The log is only ever appended to; the chain would tell, these refuse.
CREATE TRIGGER change_log_is_not_edited BEFORE UPDATE ON change_log BEGIN
  SELECT RAISE(ABORT, 'the change log cannot be edited');
END;
CREATE UNIQUE INDEX change_log_seq ON change_log(log, seq);
CREATE INDEX change_log_record ON change_log(record, n);

-- Where the log begins, once a site has forgotten its oldest rows (store/prune_log.hpp): each chain
-- behind its row `seq`, which was number `n` and had this hash, and the whole log behind the largest
-- n here. What stands here was a row; it only ever moves on; and only rows behind it can go.
CREATE TABLE pruned(
  log INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  n INTEGER NOT NULL,
  pruned_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER pruned_was_a_row BEFORE INSERT ON pruned WHEN NOT EXISTS (
  SELECT 1 FROM change_log
  WHERE log = NEW.log AND seq = NEW.seq AND hash = NEW.hash AND n = NEW.n) BEGIN
  SELECT RAISE(ABORT, 'a chain can only begin behind one of its rows');
END;
CREATE TRIGGER pruned_moves_on BEFORE UPDATE ON pruned WHEN NEW.log <> OLD.log OR NEW.seq < OLD.seq
BEGIN
  SELECT RAISE(ABORT, 'rows that were pruned do not come back');
END;
CREATE TRIGGER pruned_is_kept BEFORE DELETE ON pruned BEGIN
  SELECT RAISE(ABORT, 'where a chain begins cannot be forgotten');
END;
CREATE TRIGGER change_log_is_kept BEFORE DELETE ON change_log WHEN NOT EXISTS (
  SELECT 1 FROM pruned WHERE log = OLD.log AND seq >= OLD.seq) BEGIN
  SELECT RAISE(ABORT, 'rows of the change log cannot be deleted');
END;

-- A site's own rows that central did not simply apply: what it decided instead.
CREATE TABLE row_result(
  log INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  disposition TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY(log, seq)
) STRICT;

-- At a site: central's state of records that have pending rows. Other records need no second copy.
CREATE TABLE shadow(
  record BLOB PRIMARY KEY,
  kind TEXT NOT NULL,
  doc TEXT NOT NULL
) STRICT;

-- At a site: what it holds of central, and since when central knows the site elsewhere, so that this
-- machine is a copy; at which position the two were last compared, and whether they differed. One row
-- once enrolled.
CREATE TABLE upstream(
  one INTEGER PRIMARY KEY CHECK (one = 1),
  ce_ord INTEGER NOT NULL,
  ce_nonce BLOB NOT NULL,
  n INTEGER NOT NULL,
  hash BLOB NOT NULL,
  contact_at INTEGER NOT NULL,
  copy_since INTEGER,
  compared INTEGER NOT NULL DEFAULT 0,
  differs INTEGER NOT NULL DEFAULT 0
) STRICT;

-- At a site: the pieces of a snapshot until the last one is there and all are swapped in.
CREATE TABLE staged_snapshot(
  snapshot BLOB NOT NULL,
  part INTEGER NOT NULL,
  number INTEGER NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY(snapshot, part, number)
) STRICT;

-- At central: the sites. `row` is the number by which stamps and other tables name one. What a
-- site reports (from `epoch` on) is written without a revision or a row of the log; `code_hash` is of
-- an invitation not yet answered; (confirmed_ord, confirmed, confirmed_hash) is the position of
-- central's log that the site last said it holds; `scope_reset` the place of the last change of
-- `scope` to or from 'all'; `epoch` the one the site is to write, `expected` that of a copy of it
-- which was authorised to go on instead; `digest_at` when a digest last went to it, `compared` the
-- position at which it last compared, `differs` what came of it, `repair` the place since which it
-- needs the whole state because of that.
CREATE TABLE site(
  row INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  scope_customer BLOB NOT NULL,
  scope_place BLOB,
  stamps TEXT NOT NULL,
  name TEXT NOT NULL,
  customer BLOB,
  scope TEXT NOT NULL,
  status TEXT NOT NULL,
  sign_key TEXT,
  age_recipient TEXT,
  archived_at INTEGER,
  epoch TEXT,
  invited_at INTEGER NOT NULL DEFAULT 0,
  admitted_at INTEGER,
  contact_at INTEGER,
  confirmed INTEGER NOT NULL DEFAULT 0,
  app_version TEXT,
  schema INTEGER,
  clock_suspect INTEGER NOT NULL DEFAULT 0,
  code_hash BLOB,
  confirmed_ord INTEGER NOT NULL DEFAULT 0,
  confirmed_hash BLOB NOT NULL DEFAULT (zeroblob(32)),
  scope_reset INTEGER NOT NULL DEFAULT 0,
  expected BLOB,
  digest_at INTEGER NOT NULL DEFAULT 0,
  compared INTEGER NOT NULL DEFAULT 0,
  differs INTEGER NOT NULL DEFAULT 0,
  repair INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX site_version ON site(version, id) WHERE version > 0;
CREATE INDEX site_name ON site(name, id);
CREATE INDEX site_customer ON site(customer, id);
CREATE INDEX site_status ON site(status, id);
CREATE INDEX site_contact_at ON site(contact_at, id);
CREATE INDEX site_updated_at ON site(updated_at, id);
CREATE INDEX site_archived ON site(id) WHERE archived_at IS NOT NULL;
CREATE VIRTUAL TABLE site_search USING fts5(
  text, content='', columnsize=0, detail=none,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE site_search_words USING fts5vocab(site_search, instance);
-- The customers of `scope` where that is a set, and those that left it since it is one: `version` is
-- the place in central's log since which the customer is a member, or is none.
CREATE TABLE site_scope(
  site INTEGER NOT NULL,
  customer BLOB NOT NULL,
  member INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY(site, customer)
) STRICT;
CREATE INDEX site_scope_version ON site_scope(site, version, customer);
-- How far each epoch of a site was taken in. `fenced`: its rows are a copy's; `fork_at`: behind that
-- row another branch of it was met; `copy_at`: when a copy that writes it was last heard of; `behind`:
-- the last bundle never seen before ended before the head, as of a machine that was put back.
CREATE TABLE site_epoch(
  number INTEGER PRIMARY KEY,
  site INTEGER NOT NULL,
  epoch BLOB NOT NULL UNIQUE,
  head INTEGER NOT NULL,
  head_hash BLOB NOT NULL,
  durable INTEGER NOT NULL,
  fenced INTEGER NOT NULL DEFAULT 0,
  fork_at INTEGER,
  copy_at INTEGER,
  behind INTEGER NOT NULL DEFAULT 0,
  began_n INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX site_epoch_site ON site_epoch(site, number);
-- At central: one row for every row of a site, with the place of its decision in central's log, and
-- the place of the last decision the site must be told (null: it was applied at once). `uid`: of a
-- row that was issued again; of any other it is the first half of its hash.
CREATE TABLE ingest(
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  n INTEGER NOT NULL,
  disposition TEXT NOT NULL,
  detail TEXT NOT NULL,
  told_n INTEGER,
  uid BLOB,
  PRIMARY KEY(epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX ingest_rejected ON ingest(epoch, seq) WHERE disposition='rejected';
CREATE INDEX ingest_uid ON ingest(coalesce(uid, substr(hash, 1, 16)));
CREATE INDEX ingest_told ON ingest(epoch, told_n) WHERE told_n IS NOT NULL;
-- At central: rows that wait for their parent or a newer schema, retried after each import.
CREATE TABLE held(
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  record BLOB NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY(epoch, seq)
) STRICT;
-- At central: rows of a site that were not taken in, because another branch or a copy wrote them:
-- kept as they came until they are issued again, adopted or discarded.
CREATE TABLE quarantine(
  number INTEGER PRIMARY KEY,
  site INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  uid BLOB NOT NULL,
  line TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  UNIQUE(epoch, seq, hash)
) STRICT;
CREATE INDEX quarantine_uid ON quarantine(site, uid);
-- Rows of a site's log that the site lost; central has them up to `found`, and nobody behind that.
-- `told` 1: at a site, rows of central's own log, as central says. acknowledged_at: since when somebody
-- here has seen to it.
CREATE TABLE lost_range(
  epoch BLOB NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  found INTEGER NOT NULL,
  noticed_at INTEGER NOT NULL,
  told INTEGER NOT NULL,
  acknowledged_at INTEGER,
  PRIMARY KEY(epoch, first)
) STRICT;
-- At central: every position ever packed for a site, so that it can see that it stands on this history.
-- A site at `n` has every field up to `fields_from`; of records changed again behind n it may lack
-- those between the two, when n is where a piece was cut.
CREATE TABLE waypoint(
  site INTEGER NOT NULL,
  n INTEGER NOT NULL,
  hash BLOB NOT NULL,
  fields_from INTEGER NOT NULL,
  PRIMARY KEY(site, n)
) STRICT;
-- At central: the customers a record left, and when; sites that saw it only there drop it.
CREATE TABLE scope_move(
  record BLOB NOT NULL,
  kind TEXT NOT NULL,
  customer BLOB NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY(record, customer)
) STRICT;
CREATE INDEX scope_move_version ON scope_move(version, record);

-- Two writers' values of one field; central decides what stands, nothing is thrown away. `other`: the
-- second record, where two are in conflict.
CREATE TABLE conflict(
  id BLOB PRIMARY KEY,
  type TEXT NOT NULL,
  kind TEXT NOT NULL,
  record BLOB NOT NULL,
  other BLOB,
  scope_customer BLOB NOT NULL,
  field TEXT,
  winner TEXT NOT NULL,
  loser TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'resolved')),
  decided_by TEXT,
  resolution TEXT,
  created_at INTEGER NOT NULL,
  resolved_at INTEGER,
  version INTEGER NOT NULL
) STRICT;
CREATE INDEX conflict_open ON conflict(created_at, id) WHERE state = 'open';
CREATE INDEX conflict_created ON conflict(created_at, id);
CREATE INDEX conflict_record ON conflict(record);
-- A record may have thousands of others.
CREATE INDEX conflict_whole ON conflict(record, version) WHERE state = 'open' AND field = '';
CREATE INDEX conflict_duplicate ON conflict(record) WHERE state = 'open' AND type = 'duplicate_key';
CREATE INDEX conflict_other ON conflict(other) WHERE other IS NOT NULL;
CREATE INDEX conflict_customer ON conflict(scope_customer, id);
CREATE INDEX conflict_version ON conflict(version, id) WHERE version > 0;

-- Who wins the next conflict over a field, by a person's word; at central only.
CREATE TABLE conflict_rule(
  kind TEXT NOT NULL,
  field TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('central', 'site')),
  made_by TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  PRIMARY KEY (kind, field)
) STRICT, WITHOUT ROWID;

-- The generations of trust that this machine took on, each as it is signed (docs/formats/trust.md).
CREATE TABLE trust(
  generation INTEGER PRIMARY KEY,
  signed TEXT NOT NULL,
  adopted_at INTEGER NOT NULL
) STRICT;
-- At central: the generation of trust that a site last said it holds; without a row none.
CREATE TABLE site_trust(
  site INTEGER PRIMARY KEY,
  generation INTEGER NOT NULL
) STRICT;
-- At central: signing keys that a site replaced.
CREATE TABLE former_key(
  site INTEGER NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY(site, key)
) STRICT, WITHOUT ROWID;
-- At a site: its new keys, each signed by the one before it, until central is known to have them.
CREATE TABLE new_key(
  number INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  signed TEXT NOT NULL
) STRICT;

-- Every file ever seen, with what became of it. `open_door`: it came where everybody may send
-- something; of the others somebody with access brought them, or this machine fetched them.
CREATE TABLE inbox(
  number INTEGER PRIMARY KEY,
  sha256 BLOB NOT NULL,
  name TEXT NOT NULL,
  kind TEXT,
  sender BLOB,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  open_door INTEGER NOT NULL
) STRICT;
CREATE INDEX inbox_sha256 ON inbox(sha256);

-- Backups of this machine, tried and made. `verified_at`: when the file was last read back, opened and
-- found whole; `rows`: the last n of the change log that it holds.
CREATE TABLE backup(
  number INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  file TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 BLOB NOT NULL,
  rows INTEGER NOT NULL,
  verified_at INTEGER,
  checked_at INTEGER NOT NULL,
  failure TEXT
) STRICT;
CREATE INDEX backup_verified ON backup(created_at) WHERE failure IS NULL;

-- `access`: names of rights, `customers`: whose records it is for, none for all; both with blanks.
CREATE TABLE token(
  id BLOB PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  name TEXT NOT NULL,
  access TEXT NOT NULL,
  customers TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER,
  revoked_at INTEGER
) STRICT;
CREATE UNIQUE INDEX token_live_name ON token(name) WHERE revoked_at IS NULL;

-- People who sign in at this machine; they never travel. `code_hash` is of the one-time code by which a
-- password is chosen, `code_until` its end; `password` is null until then (crypto/password.hpp).
CREATE TABLE account(
  id BLOB PRIMARY KEY,
  revision INTEGER NOT NULL,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  customers TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  disabled_at INTEGER,
  signed_in_at INTEGER,
  password TEXT,
  password_at INTEGER,
  code_hash BLOB UNIQUE,
  code_until INTEGER
) STRICT;

CREATE TABLE idempotency(
  key TEXT NOT NULL,
  principal TEXT NOT NULL,
  body_hash BLOB NOT NULL,
  status INTEGER NOT NULL,
  headers TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY(principal, key)
) STRICT;
CREATE INDEX idempotency_age ON idempotency(created_at);

-- Seats that this machine gave out (licensing/seat.hpp). `granted_at` and `until` are times of the lease
-- clock; `turn` and `until` of a lease may be a second behind what its holder was told.
CREATE TABLE seat(
  id BLOB PRIMARY KEY,
  entitlement BLOB NOT NULL,
  machine TEXT NOT NULL,
  name TEXT NOT NULL,
  user TEXT NOT NULL,
  seat_group TEXT NOT NULL,
  granted_at INTEGER NOT NULL,
  until INTEGER NOT NULL,
  hold TEXT NOT NULL CHECK (hold IN ('lease', 'borrowed', 'ended')),
  bound INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  last_request BLOB NOT NULL,
  held TEXT NOT NULL,
  allotted TEXT NOT NULL,
  UNIQUE(entitlement, machine)
) STRICT, WITHOUT ROWID;
-- Requests of machines that never see this one, with their answers, which are encrypted to them.
CREATE TABLE offline_request(
  id BLOB PRIMARY KEY,
  sha256 BLOB NOT NULL,
  answer TEXT NOT NULL,
  answered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- What was consumed of usage counts since their last reset.
CREATE TABLE feature_use(
  entitlement BLOB NOT NULL,
  feature TEXT NOT NULL,
  used INTEGER NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY(entitlement, feature)
) STRICT, WITHOUT ROWID;
-- When the first seat was given of an entitlement that begins with that.
CREATE TABLE first_activation(
  entitlement BLOB PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT;
-- How an operator wants seats given out (licensing/seat.hpp, SeatPolicy).
CREATE TABLE seat_policy(
  entitlement BLOB PRIMARY KEY,
  policy TEXT NOT NULL
) STRICT;
-- What happened to the seats of an entitlement since it came here.
CREATE TABLE seat_count(
  entitlement BLOB PRIMARY KEY,
  denials INTEGER NOT NULL,
  clones INTEGER NOT NULL,
  overdrafts INTEGER NOT NULL,
  high_water INTEGER NOT NULL
) STRICT;
-- What happened to seats, until it is a fact (licensing/usage_notes.hpp): ready from `ready_at` on,
-- 0 for what is not counted by the hour.
CREATE TABLE usage_note(
  entitlement BLOB NOT NULL,
  what TEXT NOT NULL,
  at INTEGER NOT NULL,
  activation BLOB NOT NULL,
  machine TEXT NOT NULL,
  user TEXT NOT NULL,
  feature TEXT NOT NULL,
  amount INTEGER NOT NULL,
  ready_at INTEGER NOT NULL,
  PRIMARY KEY(entitlement, what, at, activation, machine, user, feature)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_note_ready ON usage_note(ready_at);
-- Times at which the wall clock left the monotonic one; the last hundred.
CREATE TABLE clock_jump(
  number INTEGER PRIMARY KEY,
  noticed_at INTEGER NOT NULL,
  expected INTEGER NOT NULL,
  found INTEGER NOT NULL
) STRICT;
-- Licence files of Keygen that are handed out by Relay's protocol: one entitlement each for the seat
-- desk. What is handed out in clear is kept in clear.
CREATE TABLE relay_licence(
  number INTEGER PRIMARY KEY,  -- in the order in which they came
  id BLOB NOT NULL UNIQUE,     -- as an entitlement of seats
  licence TEXT NOT NULL UNIQUE,  -- Keygen's id
  pool TEXT NOT NULL,          -- empty: the one without a name
  file TEXT NOT NULL,
  key TEXT NOT NULL,
  seats INTEGER NOT NULL CHECK (seats >= 1),
  expires_at INTEGER,
  added_at INTEGER NOT NULL
) STRICT;
