// The lines of a down-bundle: central's state, as far as one site may see it.
//
//   {"k":"rec","t":"customer","id":"…","v":[ord,n],"f":{…},"vf":{"phone":[ord,n]},"p":true,"cr":…}
//   {"k":"del","t":"customer","id":"…","v":[ord,n]}
//   {"k":"out","t":"contact","id":"…","v":[ord,n]}   it lives on, but out of the site's scope; of a
//                                                    customer, also the conflicts told under it
//   {"k":"res","ep":"…","seq":1207,"d":"rejected","why":"…"}
//   {"k":"cf", the members of a conflict record}
//
// `v` is the version of every field that `vf` does not name. With "p" the line holds only what
// changed since the base of the bundle; without, it is the whole record and absent fields are null.
// `cr` is the time the record was made, where its id does not tell it.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "store/conflicts.hpp"
#include "store/record.hpp"
#include "store/sites.hpp"
#include "store/tombstone.hpp"

namespace skerry::sync {

struct RecordState {
  const Kind* kind = nullptr;
  RecordId id;
  bool partial = false;
  UnixMillis created_at = 0;
  Version every;
  struct FieldState {
    std::size_t field;
    json::value value;
    Version version;
  };
  std::vector<FieldState> fields;  // partial: what changed; whole: every field of the kind
};

struct RecordGone {
  const Kind* kind = nullptr;
  RecordId id;
  Version version;
  bool deleted = true;  // false: it only left the site's scope
};

// What central decided of a row of the site.
struct ToldResult {
  EpochId epoch;
  store::RowResult result;
};

using StateLine = std::variant<RecordState, RecordGone, ToldResult, store::Conflict>;

// `base_n`: fields with a version up to it are left out; 0 writes the whole record.
std::string encode_record_state(const store::Record& record, std::int64_t base_n);
std::string encode_record_gone(const RecordGone& gone);
std::string encode_row_result(const ToldResult& told);
std::string encode_conflict(const store::Conflict& conflict);

// Errc::corrupt_bundle for what is no such line; Errc::unsupported_version for a kind of record or
// a field this program does not know.
Result<StateLine> decode_state_line(std::string_view line);

}  // namespace skerry::sync
