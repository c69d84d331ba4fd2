#include "licensing/entitlements.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/period.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "licensing/activation_codes.hpp"
#include "store/allocations.hpp"

namespace skerry::licensing {
namespace {

using store::Record;

std::size_t position(const Kind& kind, std::string_view field) {
  const int found = kind.find_field(field);
  SKERRY_CHECK(found >= 0);
  return static_cast<std::size_t>(found);
}

Result<Record> present(const Acting& acting, std::string_view kind_name, const RecordId& id,
                       std::optional<std::int64_t> revision = std::nullopt) {
  const Kind& kind = *find_kind(kind_name);
  auto record = store::find_record(acting.connection, kind, id);
  if (!record) return fail(store::no_such(kind, id));
  SKERRY_TRY_VOID(store::check_revision(*record, revision));
  return std::move(*record);
}

std::optional<Period> period_of(const Record& record, std::string_view field) {
  const json::string* text = record.value(field).if_string();
  return text ? parse_period(*text) : std::nullopt;
}

Error refusal(std::string_view pointer, std::string_view code, std::string detail) {
  return Error(Errc::validation_failed, fmt::format("{} {}", pointer.substr(1), detail), {},
               {{std::string(pointer), std::string(code), detail}});
}

Result<void> require_reason(const Acting& acting) {
  if (!is_blank(acting.author.reason)) return {};
  return fail(Errc::bad_request, "taking back what may still be used needs a reason",
              "send it as the header Skerry-Reason");
}

// All but `left` of an allocation is disputed from now on.
Result<Record> take_back(const Acting& acting, const Record& before, const store::Counted& left) {
  Record after = before;
  store::dispute(before, after, left, acting.now);
  FieldValues values;
  for (std::size_t i = 0; i < before.values.size(); ++i)
    if (before.values[i] != after.values[i]) values.push_back({i, after.values[i]});
  return acting.writer.set(before, values, acting.author);
}

// The newest allocations lose first, until all of them take `most` seats.
Result<void> cut_allocations(const Acting& acting, const Record& entitlement, std::int64_t most) {
  const Kind& kind = *find_kind("allocation");
  std::vector<Record> allocations;
  {
    auto rows = acting.connection.query(
        fmt::format("SELECT {} FROM allocation WHERE entitlement=?1 ORDER BY id DESC",
                    store::select_columns(kind)),
        entitlement.id);
    while (rows.next()) allocations.push_back(store::read_record(rows, kind));
  }
  std::int64_t excess = store::counted_of(acting.connection, entitlement, acting.now).seats - most;
  for (const Record& each : allocations) {
    const std::int64_t taken = store::counted(each, acting.now).seats;
    if (excess <= 0 || taken == 0) continue;
    store::Counted left = store::present(each);
    left.seats = std::min(left.seats, std::max<std::int64_t>(0, taken - excess));
    excess -= taken - left.seats;
    SKERRY_TRY_VOID(take_back(acting, each, left));
  }
  return {};
}

}  // namespace

Result<Record> renew(const Acting& acting, const RecordId& entitlement,
                     std::optional<std::int64_t> revision) {
  SKERRY_TRY(const Record before, present(acting, "entitlement", entitlement, revision));
  const auto duration = period_of(before, "duration");
  const auto end = store::instant_of(before.value("expires_at"));
  if (!duration)
    return fail(refusal("/duration", "not_a_subscription", "is of subscriptions: this one stays"));
  if (before.value("starts_at").is_null())
    return fail(refusal("/starts_at", "not_begun", "is not set: start it first"));
  if (!end) return fail(refusal("/expires_at", "required", "is not set: nothing goes on from it"));
  const std::int64_t* grace = before.value("grace_seconds").if_int64();
  const bool over = acting.now >= *end + (grace ? *grace * 1000 : 0);
  const Kind& kind = *before.kind;
  FieldValues values;
  const auto put = [&](std::string_view field, UnixMillis time) {
    values.push_back({position(kind, field), json::value(format_timestamp(time))});
  };
  put("expires_at", add_period(over ? acting.now : *end, *duration));
  const auto maintained = store::instant_of(before.value("maintenance_until"));
  if (const auto period = period_of(before, "maintenance"); period && maintained)
    put("maintenance_until",
        std::max(*maintained, add_period(over ? acting.now : *maintained, *period)));
  put("renewed_at", acting.now);
  return acting.writer.set(before, values, acting.author);
}

Result<Record> start(const Acting& acting, const RecordId& entitlement,
                     std::optional<std::int64_t> revision) {
  SKERRY_TRY(const Record before, present(acting, "entitlement", entitlement, revision));
  if (!before.value("starts_at").is_null()) return before;
  return acting.writer.update(*before.kind, entitlement,
                              {{"starts_at", format_timestamp(acting.now)}}, revision,
                              acting.author);
}

Result<Record> reclaim(const Acting& acting, const RecordId& allocation,
                       std::optional<std::int64_t> revision) {
  SKERRY_TRY(const Record before, present(acting, "allocation", allocation, revision));
  SKERRY_TRY_VOID(require_reason(acting));
  if (store::counted(before, acting.now) == store::Counted{})
    return fail(refusal("/seats", "nothing_allocated", "is nothing that its site may still use"));
  return take_back(acting, before, store::Counted{});
}

Result<Record> reduce(const Acting& acting, const RecordId& entitlement, std::int64_t seats,
                      std::optional<std::int64_t> revision) {
  SKERRY_TRY(const Record before, present(acting, "entitlement", entitlement, revision));
  SKERRY_TRY_VOID(require_reason(acting));
  const std::int64_t* const sold = before.value("seats").if_int64();
  if (!sold || seats < 1 || seats >= *sold)
    return fail(refusal("/seats", "out_of_range", "must be 1 or more, and fewer than it has"));
  Record after = before;
  after.values[position(*before.kind, "seats")] = seats;
  if (const auto bound = store::sold_seats(after).limit)
    SKERRY_TRY_VOID(cut_allocations(acting, before, *bound));
  const store::ForcedReduction forced(acting.connection, entitlement);
  return acting.writer.update(*before.kind, entitlement, {{"seats", seats}}, std::nullopt,
                              acting.author);
}

Result<std::vector<Record>> entitle(const Acting& acting, const RecordId& order,
                                    const std::vector<std::string>& skus) {
  SKERRY_TRY(const Record present_order, present(acting, "sales_order", order));
  std::vector<RecordId> offerings;
  std::vector<FieldError> errors;
  for (const std::string& sku : skus) {
    auto row = acting.connection.query(
        "SELECT id FROM offering WHERE sku=?1 AND archived_at IS NULL", std::string_view(sku));
    if (row.next())
      offerings.push_back(row.id<RecordId>(0));
    else
      errors.push_back({fmt::format("/skus/{}", offerings.size() + errors.size()), "unknown_sku",
                        fmt::format("no offering has the SKU {}", sku)});
  }
  if (!errors.empty()) {
    std::string first = errors.front().detail;
    return fail(Error(Errc::validation_failed, std::move(first), {}, std::move(errors)));
  }
  const Kind& kind = *find_kind("entitlement");
  std::vector<Record> made;
  for (const RecordId& offering : offerings) {
    SKERRY_TRY(FieldValues values, read_new(kind, {{"customer", present_order.value("customer")},
                                                   {"sales_order", to_string(order)},
                                                   {"offering", to_string(offering)}}));
    SKERRY_TRY(Record record,
               acting.writer.create(kind, std::nullopt, std::move(values), acting.author));
    made.push_back(std::move(record));
  }
  return made;
}

Result<std::vector<NewCode>> add_codes(const Acting& acting, const RecordId& order,
                                       const std::vector<std::string>& own, std::size_t count) {
  SKERRY_TRY_VOID(present(acting, "sales_order", order));
  std::vector<std::string> codes = own;
  while (own.empty() && codes.size() < count) codes.push_back(make_activation_code(acting.random));
  const Kind& kind = *find_kind("activation_code");
  std::vector<NewCode> made;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto canonical = canonical_code(codes[i]);
    const std::string pointer = fmt::format("/codes/{}", i);
    if (!canonical)
      return fail(
          refusal(pointer, "bad_code",
                  "must have 8 to 100 printable ASCII characters beside blanks and dashes"));
    auto record =
        acting.writer.make(kind, new_record_id(acting.now, acting.random),
                           {{position(kind, "sales_order"), json::value(to_string(order))},
                            {position(kind, "digest"), json::value(to_hex(digest_of(*canonical)))},
                            {position(kind, "hint"), json::value(hint_of(*canonical))}},
                           acting.author);
    if (!record) {  // its digest says nothing to whoever typed it
      Error error = std::move(record).error();
      error.detail = fmt::format("the code that ends in {} is taken", hint_of(*canonical));
      error.errors = {{pointer, std::string(info(error.code).slug), error.detail}};
      error.next = "choose another code, or leave codes out and send a count";
      return fail(std::move(error));
    }
    made.push_back({std::move(*record), std::move(codes[i])});
  }
  return made;
}

}  // namespace skerry::licensing
