// Rows of the log that change no record: what happened to the machine itself (a new epoch, a new
// life, a copy met, an administrator's decision). They are chained, travel, and are shown like any
// other, so that the audit view tells them.
//
//   {"k":"evt","ev":"new_epoch","f":{"why":"moved","parent":"…"},"hlc":"…","by":"skerry",
//    "src":"sync","sv":1}    one line; the members of a change
#pragma once

#include <string_view>

#include "core/strict_json.hpp"
#include "store/change_log.hpp"
#include "store/write_records.hpp"

namespace skerry::store {

// For what the program does by itself.
const Author& own_initiative();

LogPosition append_event(Connection& connection, ChangeLog& log, std::string_view event,
                         const json::object& facts, const Author& author = own_initiative());
// By the form of its line. What another program wrote in another order is no event.
bool is_event(std::string_view line);

}  // namespace skerry::store
