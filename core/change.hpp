// One change of one record: a row of the log (SYNC 4.3), and its line, the exact bytes that are
// hashed, stored and shipped.
//
//   {"k":"chg","t":"contact","id":"…","op":"set","f":{"phone":{"o":"+49…","n":"+49…","b":[ord,n]}},
//    "hlc":"0199c0de1234-0003","by":"token:crm","src":"api","rq":"5f3a…-12","sv":1}
//
// What the receiver can compute does not travel: the position in the range gives seq and hash, the
// first chain hash gives the uid (ADR 0009). Members that are absent have their default.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hlc.hpp"
#include "core/ids.hpp"
#include "core/kinds/kinds.hpp"
#include "core/strict_json.hpp"
#include "core/version.hpp"

namespace skerry {

enum class ChangeOp : std::uint8_t {
  create,   // "new": f holds the initial values
  set,      // "set"
  remove,   // "del"
  restore,  // "undel": of a deleted record; f holds all its values from now on
};

struct FieldChange {
  std::size_t field;      // position in kind->fields
  json::value old_value;  // people need it in conflicts
  json::value new_value;
  std::optional<Version> base;  // the field's version here when it was written; absent: made here
};

struct Change {
  const Kind* kind = nullptr;
  RecordId record;
  ChangeOp op = ChangeOp::set;
  std::vector<FieldChange> fields;
  std::optional<Version> base;       // of a removal: the record's version here
  bool continues = false;            // "tx": belongs to the transaction of the row before
  std::optional<ChangeUid> uid;      // only in a row that was issued again
  std::optional<RecordId> resolves;  // the conflict this change decides
  bool reopens = false;              // "cfo": no: takes the decision of that conflict back
  HlcStamp hlc;
  std::optional<UnixMillis> wall;  // only when the wall clock was more than a second from hlc
  std::string actor;               // "uid:0", "token:crm"
  std::string actor_name;          // "as": of a user, where the writer knew it
  std::string source;              // api, cli, import, console
  std::string request;             // request id
  std::string reason;              // "why", in the writer's words
  int schema = schema_version;
};

// A row travels as one line (SYNC 4.3), and so does a record, with its versions beside its values.
inline constexpr std::size_t change_line_bytes_max = 64 * 1024;
inline constexpr std::size_t record_bytes_max = 56 * 1024;  // of its values, as JSON
inline constexpr std::size_t reason_characters_max = 200;

std::string encode(const Change& change);

// Errors: Errc::bad_json (not a change at all), Errc::unsupported_version (a newer schema; the row
// is held), Errc::validation_failed (values that break the kind's rules; the row is rejected).
// Values are returned in canonical form.
Result<Change> decode_change(std::string_view line);

// What central decided about a site's row; every row gets exactly one (SYNC 1.9).
enum class Disposition : std::uint8_t {
  applied,     // every field as written
  superseded,  // a concurrent value stood for some field; the row's value is in a conflict record
  conflict,    // nothing changed; the row is in a conflict record
  rejected,    // the row breaks a rule; reported back with the reason
  held,        // waits for something: a parent, a newer schema
};

std::string_view to_text(Disposition disposition);
std::optional<Disposition> parse_disposition(std::string_view text);
std::string_view to_text(ChangeOp op);

// [ord,n], the form of a version on the wire.
json::value to_json(Version version);
std::optional<Version> version_from_json(const json::value& value);

}  // namespace skerry
