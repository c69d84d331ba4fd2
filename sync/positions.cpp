#include "sync/positions.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "sync/json_fields.hpp"

namespace skerry::sync {
namespace {

constexpr std::int64_t count_max = (std::int64_t{1} << 53) - 1;
constexpr std::size_t waypoints_read_max = 10'000;

CentralLife read_life(JsonFields& members) {
  const json::array* pair = members.array("ce", 2);
  CentralLife life;
  if (pair && pair->size() == 2 && (*pair)[0].is_int64() && (*pair)[1].is_string()) {
    const auto nonce = from_hex((*pair)[1].get_string());
    life.ord = (*pair)[0].get_int64();
    if (nonce && nonce->size() == life.nonce.size() && life.ord > 0) {
      std::copy(nonce->begin(), nonce->end(), life.nonce.begin());
      return life;
    }
  }
  if (pair) members.refuse("ce", "bad_life", "a life of central [ord,nonce] is expected");
  return life;
}

DownPosition read_position(std::optional<JsonFields> members) {
  if (!members) return {};
  return {read_life(*members), members->integer("n", 0, count_max), members->hash("hash")};
}

json::object position_json(const DownPosition& position) {
  return {{"ce", json::array{position.life.ord, to_hex(position.life.nonce)}},
          {"n", position.n},
          {"hash", to_hex(position.hash)}};
}

std::vector<std::pair<std::int64_t, Hash>> read_waypoints(JsonFields& members) {
  std::vector<std::pair<std::int64_t, Hash>> waypoints;
  const json::array* elements = members.array("waypoints", waypoints_read_max);
  if (!elements) return waypoints;
  for (const json::value& element : *elements) {
    const json::array* pair = element.if_array();
    const bool shaped =
        pair && pair->size() == 2 && (*pair)[0].is_int64() && (*pair)[1].is_string();
    const auto hash = shaped ? hash_from_hex((*pair)[1].get_string()) : std::nullopt;
    if (!hash) {
      members.refuse("waypoints", "bad_waypoint", "pairs [n,hash] are expected");
      break;
    }
    waypoints.emplace_back((*pair)[0].get_int64(), *hash);
  }
  return waypoints;
}

// Nothing read is used when there is a complaint.
Result<void> refuse_if_any(std::vector<FieldError> errors) {
  if (errors.empty()) return {};
  std::string detail =
      fmt::format("the manifest's {}: {}", errors.front().pointer, errors.front().detail);
  return fail(Error(Errc::corrupt_bundle, std::move(detail), {}, std::move(errors)));
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
  std::vector<FieldError> errors;
  JsonFields members(extra, {}, errors);
  ChangesBody body;
  if (auto range = members.object("range")) {
    body.first = range->integer("first", 1, count_max);
    body.last = range->integer("last", 0, count_max);
    body.prev_hash = range->hash("prev_hash");
    body.last_hash = range->hash("last_hash");
    body.head = range->integer("head", 0, count_max);
    if (body.last + 1 < body.first || body.head < body.last)
      range->refuse("first", "does_not_fit", "first, last and head do not fit each other");
  }
  if (members.has("down")) body.down = read_position(members.object("down"));
  SKERRY_TRY_VOID(refuse_if_any(std::move(errors)));
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
  std::vector<FieldError> errors;
  JsonFields members(extra, {}, errors);
  StateBody body;
  body.base = read_position(members.object("base"));
  body.upto = read_position(members.object("upto"));
  if (body.upto.life != body.base.life || body.upto.n < body.base.n)
    members.refuse("upto", "does_not_fit", "does not follow the base");
  if (auto part = members.object("part")) {
    body.part = part->integer("number", 0, count_max);
    body.last_part = part->flag("last");
    body.series = part->hash("series");
  }
  body.waypoints = read_waypoints(members);
  if (members.has("ack")) {
    if (auto ack = members.object("ack"))
      body.ack = StateBody::Ack{ack->id<EpochId>("epoch"), ack->integer("n", 0, count_max),
                                ack->hash("hash"), ack->integer("durable", 0, count_max)};
  }
  SKERRY_TRY_VOID(refuse_if_any(std::move(errors)));
  return body;
}

}  // namespace skerry::sync
