// usage report, outgoing.
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {

Result<Exit> run_usage_report(Session& session, const UsageWish& wish) {
  Query query;
  query.add("format", file_format(session, wish.format, wish.out));
  if (!wish.customer.empty()) {
    SKERRY_TRY(const std::string customer, find_customer(session, wish.customer));
    query.add("customer", customer);
  }
  query.add_if("since", wish.since).add_if("until", wish.until).add_if("by", wish.by);
  return deliver(session, "/v1/usage-reports" + query.text(), wish.out);
}

Result<Exit> run_usage_outgoing(Session& session, const UsageWish& wish) {
  SKERRY_TRY_VOID(session.daemon.post_empty("/v1/usage_facts:close"));
  return deliver(session, "/v1/usage_facts:outgoing", wish.out);
}

}  // namespace skerry::daemon
