// The JSON of a policy, as an operator sends it and as table `seat_policy` keeps it.
#include <fmt/format.h>
#include <set>

#include "core/text.hpp"
#include "licensing/seat_rows.hpp"

namespace skerry::licensing {
namespace {

constexpr std::int64_t hold_seconds_max = 366 * 24 * 3600;
constexpr std::int64_t seats_max = 1'000'000'000;
constexpr std::size_t names_max = 10'000;
constexpr std::size_t reservations_max = 100;
constexpr std::size_t name_characters_max = 255;

class PolicyReader {
 public:
  Result<SeatPolicy> read(const json::object& object) {
    for (const auto& [member, value] : object) {
      const std::string at = "/" + escape_pointer(member);
      if (member == "minimum_hold_seconds") {
        policy_.minimum_hold_seconds = number(at, value, hold_seconds_max);
      } else if (member == "show_holders") {
        if (!value.is_bool()) refuse(at, "wrong_type", "must be true or false");
        policy_.show_holders = value.is_bool() && value.get_bool();
      } else if (member == "named_users") {
        policy_.named_users = names(at, value);
      } else if (member == "reservations") {
        reservations(at, value);
      } else {
        refuse(at, "unknown_field", "a policy has no such member");
      }
    }
    if (errors_.empty()) return std::move(policy_);
    return fail(
        Error(Errc::validation_failed, "the policy is not acceptable", {}, std::move(errors_)));
  }

 private:
  void refuse(std::string at, std::string code, std::string detail) {
    errors_.push_back({std::move(at), std::move(code), std::move(detail)});
  }

  std::int64_t number(const std::string& at, const json::value& value, std::int64_t most) {
    if (value.is_int64() && value.get_int64() >= 0 && value.get_int64() <= most)
      return value.get_int64();
    refuse(at, "out_of_range", fmt::format("must be a whole number from 0 to {}", most));
    return 0;
  }

  std::string name(const std::string& at, const json::value& value) {
    const json::string* const text = value.if_string();
    if (text && !is_blank(*text) && !has_control_characters(*text) &&
        count_characters(*text) <= name_characters_max)
      return std::string(*text);
    refuse(at, "bad_name", fmt::format("must be 1 to {} characters", name_characters_max));
    return {};
  }

  std::vector<std::string> names(const std::string& at, const json::value& value) {
    const json::array* const list = value.if_array();
    if (!list || list->size() > names_max) {
      refuse(at, "wrong_type", fmt::format("must be a list of at most {} names", names_max));
      return {};
    }
    std::vector<std::string> read;
    for (std::size_t i = 0; i < list->size(); ++i)
      read.push_back(name(fmt::format("{}/{}", at, i), (*list)[i]));
    return read;
  }

  void reservations(const std::string& at, const json::value& value) {
    const json::array* const list = value.if_array();
    if (!list || list->size() > reservations_max)
      return refuse(at, "wrong_type",
                    fmt::format("must be a list of at most {} reservations", reservations_max));
    for (std::size_t i = 0; i < list->size(); ++i)
      reservation(fmt::format("{}/{}", at, i), (*list)[i]);
  }

  void reservation(const std::string& at, const json::value& value) {
    const json::object* const object = value.if_object();
    if (!object) return refuse(at, "wrong_type", "must be an object of group, seats and users");
    SeatPolicy::Reservation made;
    for (const std::string_view member : {"group", "seats", "users"})
      if (!object->contains(member))
        refuse(fmt::format("{}/{}", at, member), "required", "is required");
    for (const auto& [member, each] : *object) {
      const std::string place = at + "/" + escape_pointer(member);
      if (member == "group")
        made.group = name(place, each);
      else if (member == "seats")
        made.seats = number(place, each, seats_max);
      else if (member == "users")
        made.users = names(place, each);
      else
        refuse(place, "unknown_field", "a reservation has no such member");
    }
    if (!groups_.insert(made.group).second)
      refuse(at + "/group", "duplicate", "another reservation is for this group");
    for (const std::string& user : made.users)
      if (!users_.insert(user).second)
        refuse(at + "/users", "duplicate", fmt::format("{} belongs to a group already", user));
    policy_.reservations.push_back(std::move(made));
  }

  SeatPolicy policy_;
  std::set<std::string> groups_;
  std::set<std::string> users_;
  std::vector<FieldError> errors_;
};

}  // namespace

json::object to_json(const SeatPolicy& policy) {
  json::array reservations;
  for (const auto& each : policy.reservations)
    reservations.push_back(
        json::object{{"group", each.group},
                     {"seats", each.seats},
                     {"users", json::array(each.users.begin(), each.users.end())}});
  return {{"minimum_hold_seconds", policy.minimum_hold_seconds},
          {"show_holders", policy.show_holders},
          {"named_users", json::array(policy.named_users.begin(), policy.named_users.end())},
          {"reservations", std::move(reservations)}};
}

Result<SeatPolicy> read_policy(const json::object& object) { return PolicyReader().read(object); }

}  // namespace skerry::licensing
