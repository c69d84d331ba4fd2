#include "daemon/cli/usage.hpp"

namespace skerry::daemon {

void UsageCommands::add_to(CommandTree& tree) {
  CLI::App* usage = tree.add_noun("usage", "what happened to seats");
  CLI::App* report = tree.add(usage, "report", "by customer and period, as a file",
                              [this](Session& s) { return run_usage_report(s, wish_); });
  // An empty one would be none: a report of everybody.
  report->add_option("--customer", wish_.customer, "account reference, name or id")
      ->check([](const std::string& text) {
        return text.empty() ? std::string("names no customer") : std::string();
      });
  report->add_option("--since", wish_.since, "a time; without it the present month");
  report->add_option("--until", wish_.until, "the first moment behind the period");
  report->add_option("--by", wish_.by, "lines for each hour, day or month, or in total")
      ->check(CLI::IsMember({"hour", "day", "month", "total"}));
  report->add_option("--format", wish_.format, "csv, ndjson or json")
      ->check(CLI::IsMember({"csv", "ndjson", "json"}));
  CLI::App* outgoing =
      tree.add(usage, "outgoing", "at a site: what leaves with the next bundle, as it is signed",
               [this](Session& s) { return run_usage_outgoing(s, wish_); });
  for (CLI::App* verb : {report, outgoing})
    verb->add_option("--out", wish_.out, "a new file; without it stdout");
}

}  // namespace skerry::daemon
