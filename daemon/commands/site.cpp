// site invite, admit, revoke at central; enrol at a site.
#include <algorithm>

#include "core/text.hpp"
#include "daemon/carrying.hpp"
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {
namespace {

constexpr std::string_view bundle_media_type = "application/vnd.skerry.bundle";

Result<json::object> send_answer(Session& session, const OpenFile& file, const Query& query) {
  return session.daemon.upload("/v1/sites:admit" + query.text(), file, bundle_media_type,
                               "sending the site's answer");
}

// The answers whose site still waits for them, when more than one lies on the medium.
Result<FoundBundle> choose_answer(Session& session, const Admission& admission) {
  const std::string& place = admission.place;
  SKERRY_TRY(const auto answers, find_answers(place));
  if (answers.size() == 1) return answers.front();
  std::vector<FoundBundle> waiting;
  for (const FoundBundle& answer : answers) {
    const std::string id = answer.file.parent_path().filename().string();
    const auto site = session.daemon.get_object("/v1/sites/" + percent_encoded(id));
    if (!site && site.error().code != Errc::not_found) return fail(site.error());
    if (site && string_of(*site, "status") == "invited") waiting.push_back(answer);
  }
  if (waiting.size() == 1) return waiting.front();
  if (!admission.fingerprint.empty())
    for (const FoundBundle& answer : waiting) {
      SKERRY_TRY(const auto file, open_input(answer.file));
      const auto shown = send_answer(session, file, {});
      if (shown && string_of(*shown, "fingerprint") == admission.fingerprint) return answer;
    }
  Error several(Errc::usage,
                waiting.empty()
                    ? fmt::format("every answer in {} was admitted before", place)
                    : fmt::format("{} answers in {} wait for admission", waiting.size(), place),
                "name the one whose words are right: skerry site admit FILE");
  for (const FoundBundle& answer : waiting.empty() ? answers : waiting)
    several.errors.push_back({answer.file.string(), "several", "is one"});
  return fail(std::move(several));
}

// Yes, the words, or a question on the terminal.
Result<Query> confirmation(Session& session, const Admission& admission, const OpenFile& file) {
  if (!admission.fingerprint.empty()) return Query().add("fingerprint", admission.fingerprint);
  // Nobody is admitted by a dry run, so nobody is asked.
  if (admission.yes || session.daemon.is_dry_run()) return Query().add("confirm", "yes");
  SKERRY_TRY(const auto applicant, send_answer(session, file, {}));
  const std::string words = string_of(applicant, "fingerprint");
  session.terminal.talk("{} shows this fingerprint of its keys:\n  {}",
                        string_of(object_of(applicant, "site"), "name"), words);
  if (!session.terminal.can_ask())
    return fail(Errc::usage, "admitting a site needs somebody's word that the fingerprint is right",
                fmt::format("compare it with the site's, then: skerry site admit {} --fingerprint "
                            "\"{}\"",
                            shell_word(admission.place), words));
  const auto answer = session.terminal.ask("Does the site show the same words? Type yes to admit:");
  if (answer != "yes")
    return fail(Errc::unknown_signer, "not admitted: the fingerprint was not confirmed",
                "ask the site for its words by telephone");
  return Query().add("fingerprint", words);
}

// Of several on a medium, the one for the site that this machine is, or was to be.
Result<FoundBundle> choose_invitation(Session& session, const std::string& place) {
  SKERRY_TRY(const auto found, find_invitations(place));
  if (found.size() == 1) return found.front();
  SKERRY_TRY(const auto status, session.daemon.get_object("/v1/status"));
  const std::string own = string_of(status, "id");
  const auto is_ours = [&](const FoundBundle& invitation) {
    const auto recipient = invitation.file.parent_path().parent_path().filename();
    return ascii_lower(recipient.string()) == own;
  };
  const auto ours = std::find_if(found.begin(), found.end(), is_ours);
  if (std::count_if(ours, found.end(), is_ours) == 1) return *ours;
  Error several(Errc::usage, fmt::format("{} holds {} invitations", place, found.size()),
                "name the one for this site: skerry enrol FILE");
  for (const FoundBundle& invitation : found)
    several.errors.push_back({invitation.file.string(), "several", "is one"});
  return fail(std::move(several));
}

// How many answers with other keys to the same site's invitation lie beside the one just written.
std::int64_t other_answers(const FoundBundle& invitation, const std::filesystem::path& written) {
  if (invitation.medium.empty()) return 0;
  const auto answers = find_answers(invitation.medium);
  if (!answers) return 0;
  return std::count_if(answers->begin(), answers->end(), [&](const FoundBundle& answer) {
    return answer.file != written && answer.file.parent_path() == written.parent_path();
  });
}

}  // namespace

Result<Exit> run_site_invite(Session& session, const Invitation& invitation) {
  json::object body{{"name", invitation.name}};
  SKERRY_TRY(body["scope"], read_scope(session, invitation.scope));
  if (!invitation.customer.empty()) {
    SKERRY_TRY(body["customer"], find_customer(session, invitation.customer));
  }
  if (!invitation.id.empty()) body["id"] = invitation.id;
  // Before anybody is invited: an invitation that cannot be written would bind the name.
  if (!invitation.out.empty()) SKERRY_TRY_VOID(check_place(invitation.out));
  SKERRY_TRY_VOID(check_room(invitation.out.empty() ? "." : invitation.out));
  if (!invitation.out.empty() && std::filesystem::is_regular_file(invitation.out))
    return fail(Errc::already_exists, fmt::format("{} is there already", invitation.out),
                "name another file with --out; the invitation in it may still be good");
  SKERRY_TRY(auto answer, session.daemon.post("/v1/sites:invite", body));
  SKERRY_TRY(const auto bundle, due_bundle(answer["bundle"]));
  const std::string place = invitation.out.empty() ? bundle.name : invitation.out;
  if (session.daemon.is_dry_run()) {
    session.terminal.document(answer);
    session.terminal.line("{} would be invited, with an invitation in {}", invitation.name, place);
    return Exit::ok;
  }
  SKERRY_TRY(const auto file, carry_out(session.daemon, bundle, place));
  answer["file"] = file.string();
  session.terminal.document(answer);
  session.terminal.line("invited {} ({})", invitation.name,
                        string_of(object_of(answer, "site"), "id"));
  session.terminal.line("invitation  {}", file.string());
  session.terminal.line("fingerprint of this central: {}", string_of(answer, "fingerprint"));
  session.terminal.next(
      fmt::format("carry it to the site, and there: skerry enrol {}", shell_word(place)));
  return Exit::ok;
}

Result<Exit> run_site_admit(Session& session, const Admission& admission) {
  SKERRY_TRY(const auto found, choose_answer(session, admission));
  SKERRY_TRY(const auto file, open_bundle(found.file));
  auto sent = confirmation(session, admission, file).and_then([&](const Query& query) {
    return send_answer(session, file, query);
  });
  if (!sent) return fail(about_file(found.file, std::move(sent).error()));
  json::object& answer = *sent;
  if (session.daemon.is_dry_run()) {
    SKERRY_TRY_VOID(check_room(found.beside()));
    session.terminal.document(answer);
    session.terminal.line("{} would be admitted; its keys are {}",
                          string_of(object_of(answer, "site"), "name"),
                          string_of(answer, "fingerprint"));
    return Exit::ok;
  }
  SKERRY_TRY(const auto bundles, due_bundles(answer));
  json::array files;
  for (const DueBundle& bundle : bundles) {
    const auto beside = found.file.parent_path() / bundle.name;
    SKERRY_TRY(const auto written, found.medium.empty()
                                       ? carry_to_file(session.daemon, bundle, beside)
                                       : carry_to_medium(session.daemon, bundle, found.medium));
    session.terminal.line("wrote {}", written.string());
    files.emplace_back(written.string());
  }
  answer["files"] = std::move(files);
  session.terminal.document(answer);
  session.terminal.line("admitted {}; its keys are {}",
                        string_of(object_of(answer, "site"), "name"),
                        string_of(answer, "fingerprint"));
  const std::string place = found.medium.empty() ? "DIR" : found.medium.string();
  session.terminal.next(
      fmt::format("carry it back to the site, and there: skerry exchange {}", shell_word(place)));
  return Exit::ok;
}

Result<Exit> run_site_revoke(Session& session, const std::string& site) {
  SKERRY_TRY(const auto answer,
             session.daemon.post_empty(fmt::format("/v1/sites/{}:revoke", percent_encoded(site))));
  session.terminal.document(answer);
  session.terminal.line("{} {} from now on", string_of(answer, "name"),
                        session.daemon.is_dry_run()
                            ? "would be revoked: its bundles would be refused"
                            : "is revoked: its bundles are refused");
  return Exit::ok;
}

Result<Exit> run_enrol(Session& session, const std::string& place) {
  SKERRY_TRY(const auto found, choose_invitation(session, place));
  SKERRY_TRY(const auto file, open_bundle(found.file));
  auto sent =
      session.daemon.upload("/v1/enrolment", file, bundle_media_type, "sending the invitation");
  if (!sent) return fail(about_file(found.file, std::move(sent).error()));
  json::object& answer = *sent;
  SKERRY_TRY(const auto bundle, due_bundle(answer["bundle"]));
  if (session.daemon.is_dry_run()) {
    SKERRY_TRY_VOID(check_room(found.beside()));
    session.terminal.document(answer);
    session.terminal.line("this machine would answer as site \"{}\" of central \"{}\"",
                          string_of(object_of(answer, "site"), "name"),
                          string_of(object_of(answer, "central"), "name"));
    return Exit::ok;
  }
  const auto beside = found.file.parent_path() / bundle.name;
  SKERRY_TRY(const auto written, found.medium.empty()
                                     ? carry_to_file(session.daemon, bundle, beside)
                                     : carry_to_medium(session.daemon, bundle, found.medium));
  answer["file"] = written.string();
  session.terminal.document(answer);
  const json::object& central = object_of(answer, "central");
  session.terminal.line("central \"{}\" shows this fingerprint:\n  {}", string_of(central, "name"),
                        string_of(central, "fingerprint"));
  session.terminal.line("this site, \"{}\", shows:\n  {}",
                        string_of(object_of(answer, "site"), "name"),
                        string_of(answer, "fingerprint"));
  session.terminal.line("answer  {}", written.string());
  if (const auto others = other_answers(found, written); others > 0)
    session.terminal.line(
        "{} with other keys, of another machine or of this one before, {} beside it: central "
        "admits one",
        counted(others, "answer"), others == 1 ? "lies" : "lie");
  session.terminal.next(fmt::format(
      "compare both with central by telephone, carry the answer there: skerry site admit {}",
      shell_word(found.medium.empty() ? bundle.name : found.medium.string())));
  return Exit::ok;
}

}  // namespace skerry::daemon
