// site copies, reauthorise, adopt, discard: copies of a site, and what becomes of them.
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "daemon/carrying.hpp"
#include "daemon/commands/commands.hpp"
#include "store/upstream.hpp"

namespace skerry::daemon {
namespace {

Result<json::object> settle(Session& session, std::string_view verb, const std::string& site,
                            const std::string& epoch) {
  SKERRY_TRY(auto answer,
             session.daemon.post_empty(fmt::format("/v1/sites/{}:{}{}", percent_encoded(site), verb,
                                                   Query().add_if("epoch", epoch).text())));
  session.terminal.document(answer);
  return answer;
}

std::string_view would_be(const Session& session) {
  return session.daemon.is_dry_run() ? "would be " : "";
}

std::string name_in(const json::object& answer) {
  return string_of(object_of(answer, "site"), "name");
}

}  // namespace

Result<Exit> run_site_copies(Session& session, const std::string& site) {
  SKERRY_TRY(const auto answer,
             session.daemon.get_object(fmt::format("/v1/sites/{}/copies", percent_encoded(site))));
  session.terminal.document(answer);
  const auto copies = objects_of(answer, "items");
  for (const json::object* copy : copies)
    session.terminal.line("epoch {}  {:<10} last heard of {}, {} in quarantine",
                          string_of(*copy, "epoch"), string_of(*copy, "standing"),
                          string_of(*copy, "contact_at"),
                          counted(integer_of(*copy, "quarantined"), "row"));
  session.terminal.line("{}, {} in quarantine",
                        counted(static_cast<std::int64_t>(copies.size()), "machine"),
                        counted(integer_of(answer, "quarantined"), "row"));
  if (!copies.empty()) session.terminal.next(store::copy_remedy(shell_word(site)));
  return Exit::ok;
}

Result<Exit> run_site_reauthorise(Session& session, const std::string& site,
                                  const std::string& epoch) {
  SKERRY_TRY(const auto answer, settle(session, "reauthorise", site, epoch));
  const bool dry_run = session.daemon.is_dry_run();
  if (string_of(answer, "epoch").empty()) {
    session.terminal.line(
        "what {0} says of central's memory {1} again; nothing is decided of copies",
        name_in(answer), dry_run ? "would count" : "counts");
    session.terminal.next("run an exchange with the site; of copies: skerry site copies " +
                          shell_word(site));
    return Exit::ok;
  }
  session.terminal.line("the copy of {} that writes epoch {} {} on as the site", name_in(answer),
                        string_of(answer, "epoch"), dry_run ? "would go" : "goes");
  if (dry_run) return Exit::ok;
  session.terminal.line("the machine that is the site now becomes a copy");
  session.terminal.next("exchange with both machines, by file or online");
  return Exit::ok;
}

Result<Exit> run_site_adopt(Session& session, const std::string& site, const std::string& epoch) {
  SKERRY_TRY(const auto answer, settle(session, "adopt", site, epoch));
  const json::object& rows = object_of(answer, "rows");
  const std::int64_t settled = integer_of(rows, "settled");
  std::int64_t kept = settled;  // as conflicts, and nothing else
  std::string how;
  for (const char* disposition : {"applied", "superseded", "rejected", "held"}) {
    const std::int64_t count = integer_of(rows, disposition);
    how += fmt::format("{} {}, ", count, disposition);
    kept -= count;
  }
  session.terminal.line("{} of copies of {} {}taken in: {}{} kept as conflicts",
                        counted(settled, "row"), name_in(answer), would_be(session), how, kept);
  SKERRY_TRY(const auto status, session.daemon.get_object("/v1/status"));
  if (const std::int64_t open = integer_of(status, "conflicts_open"); open > 0)
    session.terminal.next(fmt::format("skerry conflict list ({} to decide)", open));
  return Exit::ok;
}

Result<Exit> run_site_discard(Session& session, const std::string& site, const std::string& epoch) {
  SKERRY_TRY(const auto answer, settle(session, "discard", site, epoch));
  session.terminal.line("{} of copies of {} {}refused for good; the audit log keeps them",
                        counted(integer_of(object_of(answer, "rows"), "settled"), "row"),
                        name_in(answer), would_be(session));
  if (const std::string withdrawn = string_of(answer, "withdrawn"); !withdrawn.empty())
    session.terminal.line("the copy that writes epoch {} {} not go on as the site after all",
                          withdrawn, session.daemon.is_dry_run() ? "would" : "does");
  return Exit::ok;
}

}  // namespace skerry::daemon
