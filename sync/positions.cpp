#include "sync/positions.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace skerry::sync {
namespace {

// Reads members one after another; the first that is missing or wrong is kept.
class Members {
 public:
  Members(const json::object* object, std::string_view where) : object_(object), where_(where) {
    if (!object) refuse("is missing");
  }

  std::int64_t integer(std::string_view name) {
    const json::value* value = find(name);
    if (value && value->is_int64() && value->get_int64() >= 0) return value->get_int64();
    refuse(fmt::format("{} must be a count", name));
    return 0;
  }
  Hash hash(std::string_view name) { return hash_in(find(name), name); }
  Hash hash_in(const json::value* value, std::string_view name) {
    const json::string* text = value ? value->if_string() : nullptr;
    const auto hash = text ? hash_from_hex(*text) : std::nullopt;
    if (!hash) refuse(fmt::format("{} must be a SHA-256 in hexadecimal", name));
    return hash.value_or(Hash{});
  }
  bool flag(std::string_view name) {
    const json::value* value = find(name);
    if (!value) return false;
    if (!value->is_bool()) refuse(fmt::format("{} must be true or false", name));
    return value->is_bool() && value->get_bool();
  }
  template <class IdType>
  IdType id(std::string_view name) {
    const json::value* value = find(name);
    const json::string* text = value ? value->if_string() : nullptr;
    const auto id = text ? parse_id<IdType>(*text) : std::nullopt;
    if (!id) refuse(fmt::format("{} must be an id", name));
    return id.value_or(IdType{});
  }
  CentralLife life() {
    const json::value* value = find("ce");
    const json::array* pair = value ? value->if_array() : nullptr;
    CentralLife life;
    if (pair && pair->size() == 2 && (*pair)[0].is_int64() && (*pair)[1].is_string()) {
      const auto nonce = from_hex((*pair)[1].get_string());
      life.ord = (*pair)[0].get_int64();
      if (nonce && nonce->size() == life.nonce.size() && life.ord > 0) {
        std::copy(nonce->begin(), nonce->end(), life.nonce.begin());
        return life;
      }
    }
    refuse("ce must be a life of central [ord,nonce]");
    return life;
  }
  const json::value* find(std::string_view name) const {
    return object_ ? object_->if_contains(name) : nullptr;
  }
  void refuse(std::string why) {
    if (!error_) error_ = fmt::format("the manifest's {}: {}", where_, why);
  }
  const std::optional<std::string>& error() const { return error_; }

 private:
  const json::object* object_;
  std::string_view where_;
  std::optional<std::string> error_;
};

const json::object* object_member(const json::object& extra, std::string_view name) {
  const json::value* value = extra.if_contains(name);
  return value ? value->if_object() : nullptr;
}

DownPosition read_position(Members& members) {
  return {members.life(), members.integer("n"), members.hash("hash")};
}

json::object position_json(const DownPosition& position) {
  return {{"ce", json::array{position.life.ord, to_hex(position.life.nonce)}},
          {"n", position.n},
          {"hash", to_hex(position.hash)}};
}

tl::unexpected<Error> refused(const Members& members) {
  return fail(Errc::corrupt_bundle, *members.error());
}

Result<std::vector<std::pair<std::int64_t, Hash>>> read_waypoints(const json::object& extra) {
  const json::value* value = extra.if_contains("waypoints");
  if (!value || !value->is_array())
    return fail(Errc::corrupt_bundle, "the manifest lacks waypoints");
  std::vector<std::pair<std::int64_t, Hash>> waypoints;
  for (const json::value& element : value->get_array()) {
    const json::array* pair = element.if_array();
    const bool shaped =
        pair && pair->size() == 2 && (*pair)[0].is_int64() && (*pair)[1].is_string();
    const auto hash = shaped ? hash_from_hex((*pair)[1].get_string()) : std::nullopt;
    if (!hash) return fail(Errc::corrupt_bundle, "a waypoint is not [n,hash]");
    waypoints.emplace_back((*pair)[0].get_int64(), *hash);
  }
  return waypoints;
}

}  // namespace

json::object to_json(const ChangesBody& body) {
  json::object extra{{"range", json::object{{"first", body.first},
                                            {"last", body.last},
                                            {"prev_hash", to_hex(body.prev_hash)},
                                            {"last_hash", to_hex(body.last_hash)},
                                            {"head", body.head}}}};
  if (body.down) extra["down"] = position_json(*body.down);
  return extra;
}

Result<ChangesBody> read_changes_body(const json::object& extra) {
  Members range(object_member(extra, "range"), "range");
  ChangesBody body;
  body.first = range.integer("first");
  body.last = range.integer("last");
  body.prev_hash = range.hash("prev_hash");
  body.last_hash = range.hash("last_hash");
  body.head = range.integer("head");
  if (body.first < 1 || body.last + 1 < body.first || body.head < body.last)
    range.refuse("first, last and head do not fit each other");
  if (range.error()) return refused(range);
  if (extra.contains("down")) {
    Members down(object_member(extra, "down"), "down");
    body.down = read_position(down);
    if (down.error()) return refused(down);
  }
  return body;
}

json::object to_json(const StateBody& body) {
  json::array waypoints;
  for (const auto& [n, hash] : body.waypoints) waypoints.push_back(json::array{n, to_hex(hash)});
  json::object extra{{"base", position_json(body.base)},
                     {"upto", position_json(body.upto)},
                     {"waypoints", std::move(waypoints)},
                     {"part", json::object{{"number", body.part},
                                           {"last", body.last_part},
                                           {"series", to_hex(body.series)}}}};
  if (body.ack)
    extra["ack"] = json::object{{"epoch", to_string(body.ack->epoch)},
                                {"n", body.ack->n},
                                {"hash", to_hex(body.ack->hash)},
                                {"durable", body.ack->durable}};
  return extra;
}

Result<StateBody> read_state_body(const json::object& extra) {
  StateBody body;
  Members base(object_member(extra, "base"), "base");
  body.base = read_position(base);
  if (base.error()) return refused(base);
  Members upto(object_member(extra, "upto"), "upto");
  body.upto = read_position(upto);
  if (body.upto.life != body.base.life || body.upto.n < body.base.n)
    upto.refuse("does not follow the base");
  if (upto.error()) return refused(upto);
  Members part(object_member(extra, "part"), "part");
  body.part = part.integer("number");
  body.last_part = part.flag("last");
  body.series = part.hash("series");
  if (part.error()) return refused(part);
  SKERRY_TRY(body.waypoints, read_waypoints(extra));
  if (extra.contains("ack")) {
    Members ack(object_member(extra, "ack"), "ack");
    body.ack = StateBody::Ack{ack.id<EpochId>("epoch"), ack.integer("n"), ack.hash("hash"),
                              ack.integer("durable")};
    if (ack.error()) return refused(ack);
  }
  return body;
}

}  // namespace skerry::sync
