#include "api/handlers/sites.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/handlers/bundle_json.hpp"
#include "api/handlers/dry_run.hpp"
#include "api/work.hpp"
#include "crypto/fingerprint.hpp"
#include "store/inbox.hpp"
#include "sync/bundle_reader.hpp"
#include "sync/enrolment.hpp"

namespace skerry::api {
namespace {

// Whether the operator confirmed: by the words, or by saying so.
Result<sync::ConfirmFingerprint> confirmation(const Request& request) {
  const std::string words(request.query("fingerprint").value_or(""));
  const bool yes = request.query("confirm") == "yes";
  if (request.query("confirm") && !yes)
    return fail(Errc::bad_request, "confirm is yes, or left out");
  return [words, yes](const Hash& fingerprint) -> Result<bool> {
    if (yes) return true;
    if (words.empty()) return false;
    if (crypto::fingerprint_matches(words, fingerprint)) return true;
    return fail(Errc::bad_signature, "the words are not the fingerprint of these keys",
                "somebody may have put other keys on the medium: do not admit; ask the site again");
  };
}

// The files of an enrolment are seen files like any other (SYNC 4.3).
class SeenFile {
 public:
  // With `dry_run` nothing is noted.
  SeenFile(const Context& context, std::string kind, const Hash& sha256, bool dry_run)
      : context_(context), dry_run_(dry_run) {
    entry_.sha256 = sha256;
    entry_.name = kind + ".skb";
    entry_.kind = std::move(kind);
  }

  void note_taken(std::string detail, std::optional<SiteId> sender) {
    entry_.outcome = "applied";
    entry_.detail = std::move(detail);
    entry_.sender = sender;
    write();
  }
  // Returns the error with its remedy.
  Error refused(Error error) {
    if (error.next.empty()) error.next = sync::bundle_remedy(error.code);
    entry_.outcome = info(error.code).slug;
    entry_.detail = error.detail;
    write();
    return error;
  }

 private:
  void write() {
    if (dry_run_) return;
    entry_.received_at = context_.node.clock.wall_ms();
    const auto work = [&](store::Connection& connection) -> Result<void> {
      store::write_inbox(connection, entry_);
      return {};
    };
    // A database that takes no note has said so already, by what it was asked before.
    (void)context_.node.database.write(work);
  }

  const Context& context_;
  const bool dry_run_;
  store::InboxEntry entry_;
};

struct InvitationRequest {
  FieldValues values;
  std::optional<SiteId> id;
};

Result<InvitationRequest> read_invitation(json::object body) {
  const Kind& kind = *find_kind("site");
  InvitationRequest wanted;
  std::vector<FieldError> errors;
  if (const json::value* id = body.if_contains("id")) {
    constexpr std::uint8_t version = 0x40, variant = 0x80;
    const json::string* text = id->if_string();
    wanted.id = text ? parse_id<SiteId>(*text) : std::nullopt;
    if (!wanted.id || (wanted.id->bytes[6] & 0xf0) != version ||
        (wanted.id->bytes[8] & 0xc0) != variant)
      errors.push_back({"/id", "bad_id", "is not the id of a site (a UUID of version 4)"});
    body.erase("id");
  }
  wanted.values = read_new(kind, body, errors);
  if (!errors.empty()) return fail(refusal_of(kind, std::move(errors)));
  return wanted;
}

// As the site stands after what was done, or tried.
json::value standing_json(store::Connection& connection, const store::Site& site) {
  json::value shown = site_json(connection, site);
  shown.as_object()["status"] = store::to_text(site.status);
  return shown;
}

Result<json::object> keep_unless(bool dry_run, const Context& context,
                                 const sync::PackedBundle& bundle) {
  if (dry_run) return to_json(bundle);
  return keep_in_outbox(context, bundle);
}

}  // namespace

Task<Result<Response>> invite_site(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  SKERRY_CO_TRY(json::object body, request.json_body());
  SKERRY_CO_TRY(const InvitationRequest wanted, read_invitation(std::move(body)));
  const store::Author author = author_of(request);
  auto work = [&]() -> Result<Response> {
    SKERRY_TRY(const auto invited,
               sync::invite_site(node_for(context, dry_run), wanted.values, author, wanted.id));
    SKERRY_TRY(json::object bundle, keep_unless(dry_run, context, invited.bundle));
    return Response::json(
        201, json::object{{"site", json::parse(invited.record_json)},
                          {"bundle", std::move(bundle)},
                          {"fingerprint", crypto::fingerprint_words(invited.central_fingerprint)}});
  };
  auto response = co_await on_worker(context, work);
  co_return response;
}

Task<Result<Response>> admit_site(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request, {"fingerprint", "confirm", "dry_run"}));
  SKERRY_CO_TRY(const sync::ConfirmFingerprint confirm, confirmation(request));
  SKERRY_CO_TRY(sync::SpooledFile file, take_upload(context, request));
  const store::Author author = author_of(request);
  auto work = [&]() -> Result<Response> {
    SeenFile seen(context, "enrol", file.sha256, dry_run);
    const auto taken =
        sync::admit_site(node_for(context, dry_run), std::move(file), confirm, author);
    if (!taken) return fail(seen.refused(taken.error()));
    const sync::Applicant& applicant = *taken;
    json::array bundles;
    if (applicant.admitted && !dry_run) {
      seen.note_taken(fmt::format("site {} admitted", applicant.site.name), applicant.site.id);
      context.outbox.clear_for(sync::Party::site(applicant.site.id));
      SKERRY_TRY_VOID(sync::pack_state(context.node, applicant.site, {.always = true, .resume = {}},
                                       [&](sync::PackedBundle&& packed) -> Result<void> {
                                         SKERRY_TRY(auto described,
                                                    keep_in_outbox(context, packed));
                                         bundles.push_back(std::move(described));
                                         return {};
                                       }));
    }
    const store::Reader reader = context.node.database.read();
    return Response::json(
        200, json::object{{"admitted", applicant.admitted},
                          {"site", standing_json(*reader, applicant.site)},
                          {"fingerprint", crypto::fingerprint_words(applicant.fingerprint)},
                          {"bundles", std::move(bundles)}});
  };
  auto response = co_await on_worker(context, work);
  co_return response;
}

Task<Result<Response>> revoke_site(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  const store::Author author = author_of(request);
  auto work = [&]() -> Result<Response> {
    SKERRY_TRY(const SiteId id, site_of_path(context, request));
    SKERRY_TRY(const store::Site revoked,
               sync::revoke_site(node_for(context, dry_run), id, author));
    const store::Reader reader = context.node.database.read();
    return Response::json(200, standing_json(*reader, revoked));
  };
  auto response = co_await on_worker(context, work);
  co_return response;
}

Task<Result<Response>> enrol(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  SKERRY_CO_TRY(sync::SpooledFile file, take_upload(context, request));
  auto work = [&]() -> Result<Response> {
    SeenFile seen(context, "invitation", file.sha256, dry_run);
    const auto taken = sync::answer_invitation(node_for(context, dry_run), std::move(file));
    if (!taken) return fail(seen.refused(taken.error()));
    const sync::Answered& answered = *taken;
    seen.note_taken(fmt::format("answered as site {}", answered.site_name), std::nullopt);
    SKERRY_TRY(json::object bundle, keep_unless(dry_run, context, answered.bundle));
    const Hash central = sync::trust_fingerprint(answered.trust);
    return Response::json(
        200,
        json::object{
            {"site", json::object{{"id", to_string(answered.site)}, {"name", answered.site_name}}},
            {"central", json::object{{"name", answered.trust.central_name},
                                     {"fingerprint", crypto::fingerprint_words(central)}}},
            {"fingerprint", crypto::fingerprint_words(answered.site_fingerprint)},
            {"bundle", std::move(bundle)}});
  };
  auto response = co_await on_worker(context, work);
  co_return response;
}

}  // namespace skerry::api
