#include "sync/positions.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "sync/json_fields.hpp"

namespace skerry::sync {
namespace {

constexpr std::int64_t count_max = (std::int64_t{1} << 53) - 1;
constexpr std::size_t waypoints_read_max = 10'000;
constexpr std::array<std::string_view, 4> standing_names{"active", "past", "fenced", "authorised"};

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

std::optional<Standing> parse_standing(std::string_view text) {
  for (std::size_t i = 0; i < standing_names.size(); ++i)
    if (standing_names[i] == text) return static_cast<Standing>(i);
  return std::nullopt;
}

json::object ack_json(const Ack& ack) {
  json::object object{{"epoch", to_string(ack.epoch)},
                      {"n", ack.n},
                      {"hash", to_hex(ack.hash)},
                      {"durable", ack.durable},
                      {"standing", to_text(ack.standing)}};
  if (ack.fork) object["fork"] = *ack.fork;
  return object;
}

Ack read_ack(JsonFields& members) {
  Ack ack{members.id<EpochId>("epoch"),
          members.integer("n", 0, count_max),
          members.hash("hash"),
          members.integer("durable", 0, count_max),
          {},
          {}};
  if (members.has("fork")) ack.fork = members.integer("fork", 0, count_max);
  const std::string text = members.text("standing", 32);
  if (const auto standing = parse_standing(text))
    ack.standing = *standing;
  else if (!text.empty())
    members.refuse("standing", "bad_standing", "names no standing of an epoch");
  return ack;
}

// The objects of an array, each with its pointer.
std::vector<std::pair<const json::object*, std::string>> objects_of(JsonFields& members,
                                                                    std::string_view name,
                                                                    std::size_t count_max_of) {
  std::vector<std::pair<const json::object*, std::string>> objects;
  const json::array* elements = members.array(name, count_max_of);
  for (std::size_t i = 0; elements && i < elements->size(); ++i) {
    const json::object* element = (*elements)[i].if_object();
    if (element)
      objects.emplace_back(element, fmt::format("/{}/{}", name, i));
    else
      members.refuse(name, "wrong_type", "objects are expected");
  }
  return objects;
}

std::vector<Ack> read_acks(JsonFields& members, std::vector<FieldError>& errors) {
  std::vector<Ack> acks;
  if (!members.has("acks")) return acks;
  for (const auto& [object, pointer] : objects_of(members, "acks", acks_max)) {
    JsonFields inner(*object, pointer, errors);
    acks.push_back(read_ack(inner));
  }
  return acks;
}

json::object place_json(const LogPlace& place) {
  return {{"epoch", to_string(place.epoch)}, {"seq", place.seq}, {"hash", to_hex(place.hash)}};
}

// Of an epoch that is not the first, or not the one that is written now.
std::optional<json::object> epoch_json(const ChangesBody& body) {
  json::object epoch;
  if (body.current) epoch["current"] = to_string(*body.current);
  if (body.previous) epoch["previous"] = to_string(*body.previous);
  if (body.parent) epoch["parent"] = place_json(*body.parent);
  return epoch.empty() ? std::nullopt : std::optional(std::move(epoch));
}

json::array lost_json(const std::vector<LostRows>& lost) {
  json::array ranges;
  for (const LostRows& range : lost)
    ranges.push_back(json::object{
        {"epoch", to_string(range.epoch)}, {"first", range.first}, {"last", range.last}});
  return ranges;
}

LostRows read_range(JsonFields& members) {
  const LostRows range{members.id<EpochId>("epoch"), members.integer("first", 1, count_max),
                       members.integer("last", 1, count_max)};
  if (range.last < range.first)
    members.refuse("last", "does_not_fit", "the rows end before they begin");
  return range;
}

std::vector<LostRows> read_lost(JsonFields& members, std::vector<FieldError>& errors) {
  std::vector<LostRows> lost;
  if (!members.has("lost")) return lost;
  for (const auto& [object, pointer] : objects_of(members, "lost", lost_rows_max)) {
    JsonFields inner(*object, pointer, errors);
    lost.push_back(read_range(inner));
  }
  return lost;
}

void read_epoch(JsonFields members, ChangesBody& body) {
  if (members.has("current")) body.current = members.id<EpochId>("current");
  if (members.has("previous")) body.previous = members.id<EpochId>("previous");
  if (!members.has("parent")) return;
  if (auto parent = members.object("parent"))
    body.parent = LogPlace{parent->id<EpochId>("epoch"), parent->integer("seq", 0, count_max),
                           parent->hash("hash")};
}

// Nothing read is used when there is a complaint.
Result<void> refuse_if_any(std::vector<FieldError> errors) {
  if (errors.empty()) return {};
  std::string detail =
      fmt::format("the manifest's {}: {}", errors.front().pointer, errors.front().detail);
  return fail(Error(Errc::corrupt_bundle, std::move(detail), {}, std::move(errors)));
}

}  // namespace

std::string_view to_text(Standing standing) {
  return standing_names[static_cast<std::size_t>(standing)];
}

Standing standing_of(const store::Site& site, const store::SiteEpoch& epoch) {
  if (site.expected == epoch.epoch) return Standing::authorised;
  if (site.epoch == epoch.epoch) return Standing::active;
  return epoch.fenced ? Standing::fenced : Standing::past;
}

const Ack* find_ack(const std::vector<Ack>& acks, const EpochId& epoch) {
  const auto found =
      std::find_if(acks.begin(), acks.end(), [&](const Ack& ack) { return ack.epoch == epoch; });
  return found == acks.end() ? nullptr : &*found;
}

json::object to_json(const ChangesBody& body) {
  json::object extra{{"range", json::object{{"first", body.first},
                                            {"last", body.last},
                                            {"prev_hash", to_hex(body.prev_hash)},
                                            {"last_hash", to_hex(body.last_hash)},
                                            {"head", body.head}}}};
  if (auto epoch = epoch_json(body)) extra["epoch"] = std::move(*epoch);
  if (body.down) extra["down"] = position_json(*body.down);
  if (body.compared)
    extra["compared"] = json::object{{"n", body.compared->n}, {"same", body.compared->same}};
  if (!body.lost.empty()) extra["lost"] = lost_json(body.lost);
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
  if (members.has("epoch"))
    if (auto epoch = members.object("epoch")) read_epoch(*epoch, body);
  if (members.has("down")) body.down = read_position(members.object("down"));
  if (members.has("compared"))
    if (auto compared = members.object("compared"))
      body.compared = {compared->integer("n", 1, body.down ? body.down->n : 0),
                       compared->flag("same")};
  body.lost = read_lost(members, errors);
  SKERRY_TRY_VOID(refuse_if_any(std::move(errors)));
  return body;
}

namespace {

std::vector<store::LostRange> read_lost_of_central(JsonFields& members,
                                                   std::vector<FieldError>& errors) {
  std::vector<store::LostRange> lost;
  if (!members.has("lost")) return lost;
  for (const auto& [object, pointer] : objects_of(members, "lost", lost_rows_max)) {
    JsonFields inner(*object, pointer, errors);
    const LostRows range = read_range(inner);
    lost.push_back({range.epoch, range.first, range.last, 0, inner.time("noticed_at")});
  }
  return lost;
}

// A waypoint may lie behind the end of a piece that was cut; the one at the end is the end.
bool agrees_with_waypoints(const StateBody& body) {
  return std::all_of(body.waypoints.begin(), body.waypoints.end(), [&](const auto& point) {
    return point.first != body.upto.n || point.second == body.upto.hash;
  });
}

}  // namespace

json::array lost_ranges_json(const std::vector<store::LostRange>& lost) {
  json::array ranges;
  for (const store::LostRange& range : lost)
    ranges.push_back(json::object{{"epoch", to_string(range.epoch)},
                                  {"first", range.missing_from()},
                                  {"last", range.last},
                                  {"noticed_at", format_timestamp(range.noticed_at)}});
  return ranges;
}

json::object to_json(const StateBody& body) {
  json::array waypoints;
  for (const auto& [n, hash] : body.waypoints) waypoints.push_back(json::array{n, to_hex(hash)});
  json::object extra{{"base", position_json(body.base)},
                     {"upto", position_json(body.upto)},
                     {"newest", body.newest},
                     {"waypoints", std::move(waypoints)},
                     {"part", json::object{{"number", body.part},
                                           {"last", body.last_part},
                                           {"series", to_hex(body.series)}}}};
  if (!body.acks.empty()) {
    json::array acks;
    for (const Ack& ack : body.acks) acks.push_back(ack_json(ack));
    extra["acks"] = std::move(acks);
  }
  if (body.digest) extra["digest"] = to_hex(*body.digest);
  if (!body.lost.empty()) extra["lost"] = lost_ranges_json(body.lost);
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
  body.newest = members.integer("newest", body.upto.n, count_max);
  if (auto part = members.object("part")) {
    body.part = part->integer("number", 0, count_max);
    body.last_part = part->flag("last");
    body.series = part->hash("series");
  }
  body.waypoints = read_waypoints(members);
  if (!agrees_with_waypoints(body))
    members.refuse("waypoints", "does_not_fit", "the one at upto has another hash");
  body.acks = read_acks(members, errors);
  if (members.has("digest")) body.digest = members.hash("digest");
  body.lost = read_lost_of_central(members, errors);
  SKERRY_TRY_VOID(refuse_if_any(std::move(errors)));
  return body;
}

}  // namespace skerry::sync
