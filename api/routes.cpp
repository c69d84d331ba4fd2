#include "api/routes.hpp"

#include "api/handlers/audit.hpp"
#include "api/handlers/backups.hpp"
#include "api/handlers/bundles.hpp"
#include "api/handlers/changes.hpp"
#include "api/handlers/conflict_rules.hpp"
#include "api/handlers/conflicts.hpp"
#include "api/handlers/copies.hpp"
#include "api/handlers/customer_page.hpp"
#include "api/handlers/documents.hpp"
#include "api/handlers/exports.hpp"
#include "api/handlers/import_sessions.hpp"
#include "api/handlers/imports.hpp"
#include "api/handlers/lifecycle.hpp"
#include "api/handlers/machine.hpp"
#include "api/handlers/metrics.hpp"
#include "api/handlers/records.hpp"
#include "api/handlers/sites.hpp"
#include "api/handlers/tokens.hpp"
#include "api/retry.hpp"

namespace skerry::api {
namespace {

using enum Method;

constexpr Route routes[] = {
    {get, "/livez", Access::open, Body::none, handler<get_livez>, "getLivez",
     "The process answers"},
    {get, "/readyz", Access::open, Body::none, handler<get_readyz>, "getReadyz",
     "The database can be written"},
    {get, "/metrics", Access::read, Body::none, handler<get_metrics>, "getMetrics",
     "For a monitoring system"},
    {get, "/v1/openapi.json", Access::open, Body::none, handler<get_openapi>, "getOpenapi",
     "This API as an OpenAPI document"},
    {get, "/docs", Access::open, Body::none, handler<get_docs>, "getDocs",
     "This API as a page for people"},
    {get, "/problems/{code}", Access::open, Body::none, handler<get_problem_page>, "getProblem",
     "What an error code means"},
    {get, "/v1/status", Access::read, Body::none, handler<get_status>, "getStatus",
     "The machine on one page"},
    {get, "/v1/doctor", Access::admin, Body::none, handler<get_doctor>, "getDoctor",
     "Findings, each with its remedy"},
    {get, "/v1/digest", Access::read, Body::none, handler<get_digest>, "getDigest",
     "A digest of the records in scope"},
    {get, "/v1/backups", Access::admin, Body::none, handler<list_backups>, "listBackups",
     "Backups of this machine, the newest first"},
    {post, "/v1/backups", Access::admin, Body::json, handler<retried<create_backup>>,
     "createBackup", "Back the machine up while it runs"},
    {post, "/v1/backups:verify", Access::admin, Body::json, handler<retried<verify_backup_file>>,
     "verifyBackup", "Read a backup back and check the database in it"},
    {get, "/v1/changes", Access::read, Body::none, handler<read_changes>, "readChanges",
     "The change feed: long poll or server-sent events", true},
    {get, "/v1/audit", Access::read, Body::none, handler<list_audit>, "listAudit",
     "The change log with filters"},
    {get, "/v1/audit:export", Access::read, Body::none, handler<export_audit>, "exportAudit",
     "The change log as a file"},
    {post, "/v1/audit:verify", Access::admin, Body::none, handler<retried<verify_audit>>,
     "verifyAudit", "Check every chain of the log"},
    {get, "/v1/search", Access::read, Body::none, handler<search_records>, "searchRecords",
     "Full-text search over every kind"},
    {get, "/v1/customers/{id}/summary", Access::read, Body::none, handler<get_customer_summary>,
     "getCustomerSummary", "A customer with the first of all that belongs to it"},
    {get, "/v1/conflicts", Access::read, Body::none, handler<list_conflicts>, "listConflicts",
     "Conflicts, the oldest first"},
    {get, "/v1/conflicts/{id}", Access::read, Body::none, handler<get_conflict>, "getConflict",
     "One conflict with both values"},
    {post, "/v1/conflicts/{id}:resolve", Access::write, Body::json, handler<resolve_conflict>,
     "resolveConflict", "Decide a conflict"},
    {post, "/v1/conflicts/{id}:undo", Access::write, Body::none, handler<undo_conflict>,
     "undoConflict", "Take a decision back"},
    {get, "/v1/conflict-rules", Access::read, Body::none, handler<list_conflict_rules>,
     "listConflictRules", "Which side wins the next conflict, by field"},
    {post, "/v1/conflict-rules", Access::admin, Body::json, handler<set_conflict_rule>,
     "setConflictRule", "One side wins every conflict over a field from now on"},
    {del, "/v1/conflict-rules/{kind}/{field}", Access::admin, Body::none,
     handler<delete_conflict_rule>, "deleteConflictRule",
     "Conflicts over a field are a person's again"},
    {get, "/v1/tokens", Access::admin, Body::none, handler<list_tokens>, "listTokens",
     "Access tokens"},
    {post, "/v1/tokens", Access::admin, Body::json, handler<create_token>, "createToken",
     "Make an access token"},
    {del, "/v1/tokens/{id}", Access::admin, Body::none, handler<revoke_token>, "revokeToken",
     "Revoke an access token"},
    {post, "/v1/imports/{plural}", Access::write, Body::spool, handler<import_csv>, "importRecords",
     "Records from a CSV file", true},
    {get, "/v1/import-sessions", Access::read, Body::none, handler<list_imports>, "listImports",
     "Imports, the newest first"},
    {post, "/v1/import-sessions", Access::write, Body::spool, handler<start_import>, "startImport",
     "Begin an import that runs on its own", true},
    {get, "/v1/import-sessions/{id}", Access::read, Body::none, handler<get_import>, "getImport",
     "How far an import is, and what became of it"},
    {get, "/v1/import-sessions/{id}/rejects", Access::read, Body::none, handler<get_rejects>,
     "getImportRejects", "The rejected rows as CSV with a column of reasons"},
    {post, "/v1/import-sessions/{id}:cancel", Access::write, Body::none,
     handler<retried<cancel_import>>, "cancelImport", "End an import before its time"},
    {get, "/v1/mappings", Access::read, Body::none, handler<list_mappings>, "listMappings",
     "Saved mappings of columns"},
    {get, "/v1/mappings/{name}", Access::read, Body::none, handler<get_mapping>, "getMapping",
     "One saved mapping"},
    {del, "/v1/mappings/{name}", Access::write, Body::none, handler<delete_mapping>,
     "deleteMapping", "Forget a saved mapping"},
    {get, "/v1/exports/{plural}", Access::read, Body::none, handler<export_records>,
     "exportRecords", "Every record that the filters select, as CSV or NDJSON"},
    {post, "/v1/sites:invite", Access::admin, Body::json, handler<retried<invite_site>>,
     "inviteSite", "Invite a site: answers with the invitation"},
    {post, "/v1/sites:admit", Access::admin, Body::spool, handler<retried<admit_site>>, "admitSite",
     "Admit a site by its answer"},
    {post, "/v1/sites/{id}:revoke", Access::admin, Body::none, handler<retried<revoke_site>>,
     "revokeSite", "Refuse a site's bundles from now on"},
    {get, "/v1/sites/{id}/copies", Access::read, Body::none, handler<list_copies>, "listCopies",
     "Machines that are one site too many"},
    {post, "/v1/sites/{id}:reauthorise", Access::admin, Body::none,
     handler<retried<reauthorise_copy>>, "reauthoriseSite", "A copy goes on as the site"},
    {post, "/v1/sites/{id}:adopt", Access::admin, Body::none, handler<retried<adopt_copy>>,
     "adoptSite", "Take the quarantined rows of copies in"},
    {post, "/v1/sites/{id}:discard", Access::admin, Body::none, handler<retried<discard_copy>>,
     "discardSite", "Refuse the quarantined rows of copies for good"},
    {post, "/v1/enrolment", Access::admin, Body::spool, handler<retried<enrol>>, "enrol",
     "Answer an invitation: gives the answer for central"},
    {post, "/v1/bundles", Access::admin, Body::spool, handler<retried<import_bundle>>,
     "importBundle", "Take a bundle in"},
    {post, "/v1/bundles:export", Access::admin, Body::json, handler<retried<export_bundles>>,
     "exportBundles", "Pack what is due for a peer into the outbox"},
    {get, "/v1/outbox/{name}", Access::admin, Body::none, handler<get_outbox_file>, "getOutboxFile",
     "A bundle that was packed"},
    {del, "/v1/outbox/{name}", Access::admin, Body::none, handler<drop_outbox_file>,
     "dropOutboxFile", "A bundle is on its way"},
    {get, "/v1/inbox", Access::read, Body::none, handler<list_inbox>, "listInbox",
     "Every bundle file seen, with its outcome"},
    {post, "/v1/exchange", Access::open, Body::spool, handler<exchange_bundle>, "exchange",
     "Central's end of the online exchange"},
    {post, "/v1/exchange:online", Access::admin, Body::json, handler<retried<exchange_online>>,
     "exchangeOnline", "Exchange with central now"},
    {post, "/v1/assets:move", Access::write, Body::json, handler<move_assets>, "moveAssets",
     "Move many assets to one location"},
    {get, "/v1/assets/{id}/history", Access::read, Body::none, handler<get_asset_history>,
     "getAssetHistory", "Where an asset was, is and will be"},
    {post, "/v1/{plural}:batch", Access::write, Body::json, handler<write_batch>, "writeBatch",
     "Up to 1,000 writes at once, each with its result"},
    {post, "/v1/{plural}:archive", Access::write, Body::none, handler<archive_records>,
     "archiveRecords", "Take every record that filters select out of the lists"},
    {post, "/v1/{plural}:unarchive", Access::write, Body::none, handler<unarchive_records>,
     "unarchiveRecords", "Bring every record that filters select back into the lists"},
    {post, "/v1/{plural}/{id}:archive", Access::write, Body::none, handler<archive_record>,
     "archiveRecord", "Take a record out of the lists"},
    {post, "/v1/{plural}/{id}:unarchive", Access::write, Body::none, handler<unarchive_record>,
     "unarchiveRecord", "Bring a record back into the lists"},
    {post, "/v1/customers/{id}:disable", Access::write, Body::none, handler<disable_customer>,
     "disableCustomer", "Suspend everything a customer is entitled to"},
    {post, "/v1/customers/{id}:enable", Access::write, Body::none, handler<enable_customer>,
     "enableCustomer", "Take a suspension back"},
    {post, "/v1/assets/{id}:scrap", Access::write, Body::json, handler<scrap_asset>, "scrapAsset",
     "End an asset: its status and history stay as they are"},
    {get, "/v1/{plural}", Access::read, Body::none, handler<list_records>, "listRecords",
     "Records of one kind"},
    {post, "/v1/{plural}", Access::write, Body::json, handler<create_record>, "createRecord",
     "Make a record"},
    {get, "/v1/{plural}/{id}", Access::read, Body::none, handler<get_record>, "getRecord",
     "One record"},
    {get, "/v1/{plural}/{id}/audit", Access::read, Body::none, handler<list_record_audit>,
     "listRecordAudit", "The history of one record"},
    {patch, "/v1/{plural}/{id}", Access::write, Body::json, handler<patch_record>, "patchRecord",
     "Change a record (merge patch)"},
    {del, "/v1/{plural}/{id}", Access::write, Body::none, handler<delete_record>, "deleteRecord",
     "Delete a record"},
};

}  // namespace

std::span<const Route> all_routes() { return routes; }

}  // namespace skerry::api
