#include "store/exchange_trouble.hpp"

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/strict_json.hpp"
#include "store/identity.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view meta_key = "exchange_trouble";

UnixMillis time_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace

std::optional<ExchangeTrouble> read_exchange_trouble(Connection& connection) {
  const auto text = read_meta(connection, meta_key);
  const auto object = parse_json_object(text.value_or(""));
  if (!object || object->empty()) return std::nullopt;
  ExchangeTrouble trouble;
  trouble.since = time_of(*object, "since");
  trouble.latest = time_of(*object, "latest");
  trouble.code = text_of(*object, "code");
  trouble.detail = text_of(*object, "detail");
  trouble.next = text_of(*object, "next");
  return trouble;
}

void note_exchange_failed(Connection& connection, const Error& error, UnixMillis now) {
  const auto before = read_exchange_trouble(connection);
  write_meta(connection, meta_key,
             to_json_text(json::object{{"since", before ? before->since : now},
                                       {"latest", now},
                                       {"code", info(error.code).slug},
                                       {"detail", error.detail},
                                       {"next", error.next}}));
}

void note_exchange_done(Connection& connection) {
  if (read_exchange_trouble(connection)) write_meta(connection, meta_key, "{}");
}

}  // namespace skerry::store
