#include "store/audit_verify.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_member.hpp"
#include "crypto/sha256.hpp"

namespace skerry::store {
namespace {

std::int64_t integer_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_int64() ? value->get_int64() : -1;
}

std::optional<Hash> hash_of(const json::object& object, std::string_view name) {
  return hash_from_hex(text_of(object, name));
}

}  // namespace

tl::unexpected<Error> ExportVerifier::refuse(std::string_view what) const {
  return fail(Errc::bad_signature, fmt::format("line {}: {}", number_, what),
              "do not rely on this file; export the log again and compare");
}

Result<void> ExportVerifier::take(std::string_view line) {
  ++number_;
  switch (expected_) {
    case Expected::head:
      return take_head(line);
    case Expected::row:
      return line.starts_with(R"({"k":"end")") ? take_end(line) : take_row(line);
    case Expected::signature:
      return take_signature(line);
    case Expected::nothing:
      break;
  }
  return refuse("stands behind the signature: it was added");
}

Result<ExportReport> ExportVerifier::finish() const {
  if (expected_ == Expected::nothing) return report_;
  if (number_ == 0) return fail(Errc::bad_input, "the file is empty", "skerry audit export");
  return fail(Errc::bad_signature,
              fmt::format("the export is cut off behind line {}: its end and signature are missing",
                          number_),
              "copy it again, or export the log again");
}

Result<void> ExportVerifier::take_head(std::string_view line) {
  const auto shown = parse_json_object(line, {.fractions = true});
  const std::string type(shown ? text_of(*shown, "_type") : std::string_view());
  if (!type.starts_with("skerry/audit/"))
    return fail(Errc::bad_input, "this is no export of the log in NDJSON",
                "skerry audit export --format ndjson; CSV proves nothing");
  if (type != audit_type)
    return fail(Errc::unsupported_version,
                fmt::format("the export has the form {}, this program knows {}", type, audit_type),
                "use a newer version of skerry");
  if (!check_.opened(line)) return refuse("the head is not as it was written");
  report_.role = text_of(*shown, "role");
  report_.name = text_of(*shown, "name");
  report_.exported_at = text_of(*shown, "exported_at");
  const json::value* whole = shown->if_contains("whole");
  report_.whole = whole && whole->is_bool() && whole->get_bool();
  if (const json::value* filter = shown->if_contains("filter"); filter && filter->is_object())
    report_.filter = filter->get_object();
  expected_ = Expected::row;
  if (const json::value* begins = shown->if_contains("begins")) {
    if (!begins->is_object()) return refuse("the head is not as it was written");
    return take_begins(begins->get_object());
  }
  return {};
}

// Chains whose first rows were pruned go on behind the hash that the head vouches for.
Result<void> ExportVerifier::take_begins(const json::object& begins) {
  report_.pruned = last_n_ = integer_of(begins, "n");
  const json::value* logs = begins.if_contains("logs");
  if (last_n_ <= 0 || !logs || !logs->is_array())
    return refuse("the head does not say where the log begins");
  for (const json::value& each : logs->get_array()) {
    const json::object* begin = each.if_object();
    const auto hash = begin ? hash_of(*begin, "hash") : std::nullopt;
    if (!hash || integer_of(*begin, "seq") <= 0)
      return refuse("the head does not say where a chain begins");
    Chain& chain = chains_[std::string(text_of(*begin, "log"))];
    chain.seq = integer_of(*begin, "seq");
    chain.hash = *hash;
  }
  return {};
}

Result<void> ExportVerifier::take_row(std::string_view line) {
  if (!check_.opened(line))
    return refuse("is not as it was written, or a line before it is missing or out of place");
  const auto row = parse_json_object(line, {.fractions = true});
  if (!row || text_of(*row, "k") != "row") return refuse("is no row of an export");
  const std::int64_t n = integer_of(*row, "n");
  if (n <= last_n_ || (report_.whole && n != last_n_ + 1))
    return refuse(fmt::format("row {} stands behind row {}", n, last_n_));
  last_n_ = n;
  const auto previous = hash_of(*row, "prev");
  const auto hash = hash_of(*row, "hash");
  if (!previous || !hash || crypto::chain_hash(*previous, text_of(*row, "line")) != *hash)
    return refuse(fmt::format("row {} does not fit its hash", n));
  const std::string log(text_of(*row, "log"));
  SKERRY_TRY_VOID(take_place(log, integer_of(*row, "seq"), *previous));
  chains_[log].hash = *hash;
  ++report_.rows;
  return {};
}

// A row's place in its chain; what a filter left out is a gap.
Result<void> ExportVerifier::take_place(const std::string& log, std::int64_t seq,
                                        const Hash& previous) {
  Chain& chain = chains_[log];
  if (seq <= chain.seq)
    return refuse(fmt::format("position {} of log {} stands behind {}", seq, log, chain.seq));
  if (seq == chain.seq + 1) {
    if (previous != chain.hash)
      return refuse(
          fmt::format("position {} of log {} does not follow on {}", seq, log, chain.seq));
  } else if (report_.whole) {
    return refuse(
        fmt::format("positions {} to {} of log {} are missing", chain.seq + 1, seq - 1, log));
  } else {
    ++report_.gaps_count;
    if (report_.gaps.size() < export_gaps_max)
      report_.gaps.push_back({log, chain.seq + 1, seq - 1});
  }
  if (chain.rows == 0) chain.first = seq;
  ++chain.rows;
  chain.seq = seq;
  return {};
}

Result<void> ExportVerifier::take_end(std::string_view line) {
  const auto end = parse_json_object(line, {.fractions = true});
  if (!end || text_of(*end, "_type") != audit_type)
    return refuse("the end is not as it was written");
  if (integer_of(*end, "rows") != report_.rows)
    return refuse(fmt::format("the end counts {} rows, there are {}", integer_of(*end, "rows"),
                              report_.rows));
  if (text_of(*end, "check") != to_hex(check_.value()))
    return refuse("the end belongs to other lines");
  const json::value* heads = end->if_contains("heads");
  report_.logs = std::count_if(chains_.begin(), chains_.end(),
                               [](const auto& chain) { return chain.second.rows > 0; });
  if (!heads || !heads->is_array() || std::ssize(heads->get_array()) != report_.logs)
    return refuse("the end names other chains");
  for (const json::value& each : heads->get_array()) {
    const json::object* head = each.if_object();
    const auto chain = head ? chains_.find(std::string(text_of(*head, "log"))) : chains_.end();
    if (chain == chains_.end() || integer_of(*head, "rows") != chain->second.rows ||
        integer_of(*head, "first") != chain->second.first ||
        integer_of(*head, "seq") != chain->second.seq ||
        hash_of(*head, "hash") != chain->second.hash)
      return refuse("a chain does not end where the end says");
  }
  end_ = line;
  expected_ = Expected::signature;
  return {};
}

Result<void> ExportVerifier::take_signature(std::string_view line) {
  const auto signature = parse_json_object(line, {.fractions = true});
  if (!signature) return refuse("the signature is not as it was written");
  const auto key = crypto::VerifyKey::from_pem(text_of(*signature, "key"));
  const auto bytes = from_hex(text_of(*signature, "sig"));
  crypto::Signature raw{};
  if (!key || !bytes || bytes->size() != raw.size())
    return refuse("the signature is not as it was written");
  std::copy(bytes->begin(), bytes->end(), raw.begin());
  if (audit_signature_line(*key, raw) != line)
    return refuse("the signature is not as it was written");
  if (!key->verify(as_bytes(end_), raw)) return refuse("the signature does not fit the end");
  report_.key = *key;
  expected_ = Expected::nothing;
  return {};
}

}  // namespace skerry::store
