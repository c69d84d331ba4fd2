#include "daemon/commands/receipts.hpp"

#include <algorithm>

#include "core/clock.hpp"
#include "core/json_text.hpp"
#include "core/timestamp.hpp"

namespace skerry::daemon {
namespace {

constexpr std::int64_t inbox_looked_at = 1000;  // an enrolment behind these is no news

// When this site last answered an invitation; nullopt: long ago, or never.
Result<std::optional<UnixMillis>> last_enrolment(Session& session) {
  SKERRY_TRY(const auto entries, session.daemon.list("/v1/inbox", inbox_looked_at));
  for (const json::value& each : entries) {
    const json::object& entry = each.as_object();
    if (string_of(entry, "kind") == "invitation" && string_of(entry, "outcome") == "applied")
      return parse_timestamp(string_of(entry, "received_at"));
  }
  return std::optional<UnixMillis>();
}

}  // namespace

void ReceiptsMet::show(Session& session, const sync::Medium& medium, const sync::Party& self) {
  for (const sync::FoundReceipt& receipt : medium.receipts_about(self)) {
    std::int64_t refused = 0;
    for (const sync::ReceiptLine& line : receipt.lines) {
      named_.insert(line.name);
      session.terminal.document({{"event", "receipt"},
                                 {"from", receipt.recipient},
                                 {"file", line.name},
                                 {"outcome", line.outcome},
                                 {"detail", line.detail},
                                 {"next", line.next}});
      const ErrcInfo* why = find_errc(line.outcome);
      if (why == nullptr) continue;
      ++refused;
      // What was damaged or is missing is packed again; this heals by nobody's doing but theirs.
      if (why->code == Errc::revoked_signer || why->code == Errc::unknown_signer)
        refused_at_.push_back(receipt.at);
      session.terminal.line("refused by {}: {}: {} ({})", receipt.recipient, line.name,
                            Terminal::name(line.detail), Terminal::name(line.outcome));
      if (line.next.empty()) continue;
      const std::string_view where = line.next.starts_with("at ") ? "" : "there: ";
      session.terminal.line("          {}{}", where, Terminal::name(line.next));
    }
    session.terminal.line("receipt of {} (not signed): {} taken in, {} refused", receipt.recipient,
                          counted(std::ssize(receipt.lines) - refused, "bundle"), refused);
  }
}

Result<void> ReceiptsMet::weigh(Session& session, const json::object& status, bool heard_now) {
  // Since it answered an invitation, a site has heard of central only if it was admitted.
  const bool admitted = !string_of(object_of(status, "upstream"), "contact_at").empty();
  if (refused_at_.empty() || !admitted || !heard_now) return {};
  SKERRY_TRY(const auto enrolled, last_enrolment(session));
  const auto is_settled = [&](const std::optional<UnixMillis>& at) {
    return at && enrolled && *at < *enrolled;
  };
  const auto settled = std::erase_if(refused_at_, is_settled);
  if (settled == 0) return {};
  session.terminal.document(
      {{"event", "receipts_passed_over"}, {"refusals", static_cast<std::int64_t>(settled)}});
  session.terminal.line("passed by {} of central: from before it admitted this site again",
                        counted(static_cast<std::int64_t>(settled), "refusal"));
  return {};
}

Result<void> ReceiptsLeft::write(Session& session, const sync::Medium& medium,
                                 const sync::Party& self, const std::string& sender,
                                 const std::vector<sync::ReceiptLine>& lines) {
  const std::string me = self.role == Role::central ? "central" : "site " + sync::to_string(self);
  auto written =
      medium.write_receipt(self, sender, sync::format_receipt(me, SystemClock().wall_ms(), lines));
  if (written || written.error().code == Errc::storage_full) return written;
  Error& error = written.error();
  session.terminal.document({{"event", "no_receipt"},
                             {"code", info(error.code).slug},
                             {"detail", error.detail},
                             {"next", error.next}});
  session.terminal.line("no receipt is written: {}", error.detail);
  if (!failure_) failure_ = std::move(error);
  return {};
}

}  // namespace skerry::daemon
