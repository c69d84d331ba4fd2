#include "sync/senders.hpp"

#include <fmt/format.h>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "licensing/site_certificate.hpp"
#include "store/trust.hpp"
#include "sync/trust_chain.hpp"

namespace skerry::sync {
namespace {

using store::Connection;

// What the manifest says of trust vouches for itself: nobody signs a generation but the roots.
Result<TrustWalk> walk_carried(const Trust& held, const Manifest& manifest) {
  SKERRY_TRY(const auto carried,
             read_signed_texts(member_of(manifest.extra, "trust"), carried_generations_max));
  return walk(held, carried);
}

// What a site says of the trust it holds; 0: none.
Result<std::int64_t> generation_of(const Manifest& manifest) {
  const json::value& generation = member_of(manifest.extra, "generation");
  if (generation.is_null()) return 0;
  const std::int64_t* number = generation.if_int64();
  if (number && *number >= 0 && *number <= generation_max) return *number;
  return fail(Errc::corrupt_bundle,
              fmt::format("the manifest's /generation: 0 to {} is expected", generation_max));
}

// The keys of the site that sent the bundle, by its own statements of new ones.
Result<SiteKeys> walk_keys(Connection& connection, const store::Site& site,
                           const Manifest& manifest) {
  SKERRY_TRY(auto sign, crypto::VerifyKey::from_text(site.sign_key));
  SKERRY_TRY(const auto age, crypto::AgeRecipient::parse(site.age_recipient));
  SKERRY_TRY(const auto carried,
             read_signed_texts(member_of(manifest.extra, "keys"), new_keys_max));
  return follow_site_keys(site.id, {std::move(sign), age}, carried, [&](const crypto::KeyId& id) {
    return store::is_former_key(connection, site.number, id);
  });
}

// What leads on where central was put back to before generations that a site holds.
std::string later_generation(std::int64_t than) {
  return "where central was put back to before its last keys, there: " + remedy_of_later(than);
}

}  // namespace

KeyResult find_central_key(Connection& connection, const Manifest& manifest,
                           const crypto::KeyId& id) {
  if (manifest.from.party.role != Role::central)
    return fail(Errc::unknown_signer, "the bundle is not from central");
  SKERRY_TRY(const Trust held, load_trust(connection));
  SKERRY_TRY(const TrustWalk walked, walk_carried(held, manifest));
  const Trust& trust = walked.trust;
  if (const std::int64_t seen = store::trust_seen(connection); trust.generation < seen)
    return fail(Errc::unknown_signer,
                fmt::format("generation {} of trust was in force here before this site was put "
                            "back, and with the bundle it is {}: its key may be revoked since",
                            seen, trust.generation),
                fmt::format("an exchange there and back: this site's next bundle tells central "
                            "what is missing here; or skerry trust adopt FILE, up to generation "
                            "{}; {}",
                            seen, later_generation(seen - 1)));
  if (is_revoked(trust, id))
    return fail(Errc::revoked_signer, fmt::format("central's key {} was revoked", id),
                "run an exchange: central packs what it held with its present key; it is no use "
                "as it is; " +
                    later_generation(trust.generation));
  for (const auto& key : trust.signing_keys)
    if (key.key_id() == id) return std::optional(key);
  const bool other_line = walked.taken.empty() && !member_of(manifest.extra, "trust").is_null();
  if (other_line && held.generation > 0)
    return fail(Errc::unknown_signer,
                fmt::format("key {} of central is of no generation of trust that is held here", id),
                "do not use it; " + later_generation(held.generation));
  return std::optional<crypto::VerifyKey>();
}

KeyResult find_site_key(Connection& connection, const Manifest& manifest, const crypto::KeyId& id) {
  if (manifest.from.party.role != Role::site)
    return fail(Errc::unknown_signer, "the bundle is not from a site",
                "carry it to where it belongs; nothing was changed here");
  const auto site = store::find_site(connection, manifest.from.party.id);
  if (!site)
    return fail(
        Errc::unknown_signer, "no site of this central sent the bundle",
        fmt::format("skerry site list; where central was put back to before it admitted the site: "
                    "skerry backup reapply FILE, of what that restore saved; where that is gone: "
                    "skerry site invite NAME --id {}",
                    to_string(manifest.from.party.id)));
  if (site->status == store::SiteStatus::revoked)
    return fail(
        Errc::revoked_signer, fmt::format("site {} was revoked", site->name),
        "nothing was taken in; the file is kept (/v1/inbox), and skerry bundle inspect FILE "
        "says what it brings; its rows come with its next bundle once the site is back: "
        "skerry site invite " +
            shell_word(site->name));
  if (site->sign_key.empty())
    return fail(Errc::unknown_signer,
                fmt::format("site {} was invited but not admitted", site->name),
                "at the site: skerry enrol INVITATION; then here, with its answer: skerry site "
                "admit FILE");
  SKERRY_TRY(SiteKeys keys, walk_keys(connection, *site, manifest));
  if (keys.sign.key_id() == id) return std::optional(std::move(keys.sign));
  if (store::is_former_key(connection, site->number, id))
    return fail(
        Errc::revoked_signer, fmt::format("site {} replaced its key {} since", site->name, id),
        fmt::format("what it holds comes with the site's next bundle; where the machine was "
                    "put back to before it had another key, or is to take its place again: "
                    "skerry site revoke {0}, then skerry site invite {0}",
                    shell_word(site->name)));
  return std::optional<crypto::VerifyKey>();
}

std::string remedy_of_lost_keys(Connection& connection, const Manifest& manifest) {
  const auto generation = generation_of(manifest);
  const auto own = store::newest_trust(connection);
  if (manifest.from.party.role != Role::site || !own || !generation) return {};
  if (*generation < own->generation) return {};
  return "it was made for other keys; " + later_generation(*generation);
}

Result<std::string> take_trust(Connection& connection, store::ChangeLog& log,
                               const Manifest& manifest) {
  store::confirm_new_key(connection, text_of(manifest.extra, "to_key"));
  SKERRY_TRY(const Trust held, load_trust(connection));
  SKERRY_TRY(const TrustWalk walked, walk_carried(held, manifest));
  for (const crypto::VerifyKey& key : walked.trust.signing_keys)
    licensing::keep_site_certificate(connection, key, text_of(manifest.extra, "certificate"));
  if (walked.taken.empty()) return std::string();
  for (const SignedText& generation : walked.taken) {
    SKERRY_TRY(const Trust trust, parse_generation(generation.text));
    store::insert_trust(connection, log,
                        {trust.generation, to_json_text(to_json(generation)), log.wall_ms()});
  }
  return fmt::format("; generation {} of trust is in force", walked.trust.generation);
}

Result<void> give_up_key(Connection& connection, const store::Site& site) {
  if (site.sign_key.empty()) return {};
  SKERRY_TRY(const auto known, crypto::VerifyKey::from_text(site.sign_key));
  store::note_former_key(connection, site.number, known.key_id());
  return {};
}

Result<std::string> take_site_keys(Connection& connection, store::RecordWriter& writer,
                                   store::Site& site, const Manifest& manifest,
                                   const store::Author& author) {
  SKERRY_TRY(const std::int64_t generation, generation_of(manifest));
  store::note_trust_of_site(connection, site.number, generation);
  SKERRY_TRY(const SiteKeys keys, walk_keys(connection, site, manifest));
  if (keys.sign.to_text() == site.sign_key) return std::string();
  SKERRY_TRY_VOID(give_up_key(connection, site));
  site.sign_key = keys.sign.to_text();
  site.age_recipient = keys.age.to_text();
  SKERRY_TRY_VOID(store::change_site(connection, writer, site, author));
  return fmt::format("; the site's key is {} from now on", keys.sign.key_id());
}

}  // namespace skerry::sync
