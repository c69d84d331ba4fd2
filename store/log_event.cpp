#include "store/log_event.hpp"

#include <fmt/format.h>

#include "core/json_text.hpp"

namespace skerry::store {

const Author& own_initiative() {
  static const Author author{"skerry", "sync", {}};
  return author;
}

LogPosition append_event(Connection& connection, ChangeLog& log, std::string_view event,
                         const json::object& facts, const Author& author) {
  std::string line = fmt::format(R"({{"k":"evt","ev":"{}","f":)", event);
  append_json(line, facts);
  const auto add = [&](std::string_view name, std::string_view text) {
    if (text.empty()) return;
    line.append(",\"").append(name).append("\":");
    append_json_string(line, text);
  };
  add("hlc", to_string(log.tick()));
  add("by", author.actor);
  add("as", author.actor_name);
  add("src", author.source);
  add("rq", author.request);
  add("why", author.reason);
  line += fmt::format(",\"sv\":{}}}", schema_version);
  return log.append_own(connection, {}, {}, line);
}

bool is_event(std::string_view line) { return line.starts_with(R"({"k":"evt",)"); }

}  // namespace skerry::store
