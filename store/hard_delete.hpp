// Deleting a record with everything that refers to it (RECORDS "Delete"). Looking and doing are two
// steps, held together by a token of what was seen.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/write_records.hpp"

namespace skerry::store {

struct Dependants {
  // What refers to the record, straight or through others; each before what it refers to.
  std::vector<std::pair<const Kind*, RecordId>> records;
  std::map<std::string_view, std::int64_t> counts;  // by plural

  // What stays and only mentions one of them (is_mention): the field becomes null.
  struct Mention {
    const Kind* kind;
    RecordId record;
    std::size_t field;
  };
  std::vector<Mention> mentions;

  // "3 contacts, 1 location, 2 moves by their from_location, which becomes null".
  std::string to_text() const;
  // Names these counts of this record; changes when they do.
  std::string token(const RecordId& record) const;
};

// What a person types to confirm: the record's label, or its id where it has none.
struct Confirmation {
  std::string_view field;
  std::string text;
};
Confirmation confirmation_of(const Record& record);

inline constexpr std::size_t dependants_max = 100'000;

// Errc::limit_exceeded beyond dependants_max.
Result<Dependants> find_dependants(Connection& connection, const Kind& kind, const RecordId& id);

// What keeps the record, or one of its dependants, from going: RecordWriter::check_removal(), and
// that it is a site. Asked before anybody is offered the deletion.
Result<void> check_deletable(Connection& connection, const RecordWriter& writer,
                             const Record& record, const Dependants& dependants);

// Inside a write job: removes the dependants, then the record, as one transaction for central, too:
// if it refuses one of them, because something else refers to it there, all of them come back.
// `confirmed`: confirmation_of() the record as a person typed it. Errors: not_found,
// precondition_failed, in_use when `token` is not of what is there now, validation_failed when
// `confirmed` is something else; those of check_deletable().
Result<Dependants> hard_delete(Connection& connection, RecordWriter& writer, const Kind& kind,
                               const RecordId& id, std::optional<std::int64_t> revision,
                               std::string_view confirmed, std::string_view token,
                               const Author& author);

}  // namespace skerry::store
