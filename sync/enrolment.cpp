#include "sync/enrolment.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "crypto/secret.hpp"
#include "crypto/sha256.hpp"
#include "store/identity.hpp"
#include "store/record.hpp"
#include "store/trust.hpp"
#include "sync/bundle_name.hpp"
#include "sync/bundle_reader.hpp"
#include "sync/json_fields.hpp"
#include "sync/known_site.hpp"
#include "sync/senders.hpp"
#include "sync/trust_chain.hpp"

namespace skerry::sync {
namespace {

using store::Connection;
using store::Site;

constexpr std::size_t code_bytes = 16;
constexpr std::size_t nonce_bytes = 16;

// What the site vouches for with its signature; the order is part of the format.
Hash keys_fingerprint(const SiteId& site, const crypto::VerifyKey& sign,
                      const crypto::AgeRecipient& age) {
  crypto::Sha256 hash;
  hash.update(site.view());
  hash.update(sign.raw());
  hash.update(age.raw());
  return hash.finish();
}

// Central keeps only the code's hash, so the proof is keyed with that.
Hash code_proof(const Hash& code_hash, const Hash& fingerprint, ByteView nonce) {
  Bytes message(fingerprint.begin(), fingerprint.end());
  message.insert(message.end(), nonce.begin(), nonce.end());
  return crypto::hmac_sha256(code_hash, message);
}

PackedBundle packed(BundleFile file, std::string name, const Party& from, const Party& to) {
  return PackedBundle{std::move(file), std::move(name), from, to, 0, 0, 0, false, {}};
}

// The site with a new code: its record, and what is known of its logs, stay, so that a machine
// which was enrolled with it goes on where it stood. Its keys are unknown until it is admitted.
Site renewed(Site site) {
  site.status = store::SiteStatus::invited;
  site.sign_key.clear();
  site.age_recipient.clear();
  return site;
}

store::RecordWriter writer_of(const Node& node, Connection& connection) {
  return {connection, node.log, Role::central, node.random};
}

Result<Bytes> new_bytes(const Node& node, std::size_t size) {
  Bytes bytes(size);
  node.random.fill(bytes);
  return bytes;
}

}  // namespace

Result<Trust> trust_of_central(const Node& node) {
  SKERRY_TRY(const store::Identity identity, identity_of(node));
  {
    const store::Reader reader = node.database.read();
    if (store::newest_trust(*reader)) return load_trust(*reader);
  }
  Trust trust;
  trust.central_name = identity.name;
  trust.signing_keys.push_back(node.keys.sign.verify_key());
  trust.recipients.push_back(node.keys.age.recipient());
  return trust;
}

Result<Invited> invite_site(const Node& node, const FieldValues& values,
                            const store::Author& author, const std::optional<SiteId>& id) {
  SKERRY_TRY_VOID(require_role(node, Role::central));
  SKERRY_TRY(const Trust trust, trust_of_central(node));
  SKERRY_TRY(const Bytes code, new_bytes(node, code_bytes));
  const auto name = static_cast<std::size_t>(find_kind("site")->find_field("name"));
  Invited invited;
  invited.central_fingerprint = trust_fingerprint(trust);
  auto work = [&](Connection& connection) -> Result<store::LogHead> {
    const auto named = std::find_if(values.begin(), values.end(),
                                    [&](const FieldValue& value) { return value.field == name; });
    SKERRY_CHECK(named != values.end());
    SKERRY_TRY(auto known, find_known_site(connection, std::string(named->value.as_string()), id));
    store::RecordWriter writer = writer_of(node, connection);
    if (known) {
      SKERRY_TRY_VOID(check_same(connection, *known, values));
      SKERRY_TRY_VOID(give_up_key(connection, *known));
      invited.site = renewed(std::move(*known));
      SKERRY_TRY_VOID(store::change_site(connection, writer, invited.site, author));
    } else {
      SKERRY_TRY(invited.site,
                 store::make_site(connection, writer, id ? *id : new_id<SiteId>(node.random),
                                  values, author));
    }
    invited.site.code_hash = crypto::sha256(code);
    invited.site.invited_at = node.clock.wall_ms();
    store::note_site(connection, invited.site);
    SKERRY_CHECK(store::append_found_json(invited.record_json, connection, *find_kind("site"),
                                          invited.site.record_id()));
    return store::read_head(connection, "own");
  };
  SKERRY_TRY(const store::LogHead head, write_or_try(node, work));
  const Party to = Party::site(invited.site.id);
  Manifest manifest = new_manifest(node, BundleKind::invitation, Party::central(), head.epoch, to);
  manifest.extra = {{"invitation", json::object{{"site", to_string(invited.site.id)},
                                                {"name", invited.site.name},
                                                {"code", to_hex(code)},
                                                {"scope", invited.site.sees_all ? "all" : "set"},
                                                {"trust", to_json(trust)}}}};
  if (trust.generation > 0) {
    const store::Reader reader = node.database.read();
    SKERRY_TRY(json::value newest, parse_json(store::newest_trust(*reader)->text));
    manifest.extra["trust"] = json::array{std::move(newest)};
  }
  SKERRY_TRY(auto file, write_bundle(node.spool, manifest, {&node.keys.sign, 1}));
  invited.bundle = packed(std::move(file), invitation_name(invited.site.id), Party::central(), to);
  return invited;
}

namespace {

struct Invitation {
  SiteId site;
  std::string name;
  Bytes code;
  Trust trust;
  std::optional<SignedText> generation;  // whose roots are taken on with it
};

Result<Invitation> parse_invitation(const Manifest& manifest) {
  if (manifest.kind != BundleKind::invitation)
    return fail(
        Errc::bad_input,
        fmt::format("the file is a bundle of kind {}, not an invitation", to_string(manifest.kind)),
        "at central: skerry site invite NAME");
  const json::object* object = object_of(manifest.extra, "invitation");
  const json::object* trust = object ? object_of(*object, "trust") : nullptr;
  const auto site = object ? parse_id<SiteId>(text_of(*object, "site")) : std::nullopt;
  const auto code = object ? from_hex(text_of(*object, "code")) : std::nullopt;
  if (!trust || !site || !code || code->size() != code_bytes || manifest.to != Party::site(*site))
    return fail(Errc::corrupt_bundle, "the invitation lacks one of its members");
  SKERRY_TRY(Trust read, read_trust(*trust));
  Invitation invitation{*site, std::string(text_of(*object, "name")), *code, std::move(read), {}};
  SKERRY_TRY(auto generations, read_signed_texts(member_of(manifest.extra, "trust"), 1));
  if (!generations.empty()) {
    invitation.generation = std::move(generations.front());
    SKERRY_TRY(const Trust rooted, first_seen(*invitation.generation));
    if (rooted.signing_keys != invitation.trust.signing_keys)
      return fail(Errc::bad_signature, "the invitation names other keys than its roots do",
                  "ask central for another: skerry site invite NAME");
  }
  return invitation;
}

// The keys that an invitation names vouch for it: first use. The operator compares the words.
Result<Invitation> read_invitation(SpooledFile file) {
  SKERRY_TRY(
      const auto reader,
      BundleReader::open(std::move(file.file),
                         [](const Manifest& manifest,
                            const crypto::KeyId& id) -> Result<std::optional<crypto::VerifyKey>> {
                           SKERRY_TRY(const Invitation invitation, parse_invitation(manifest));
                           for (const auto& key : invitation.trust.signing_keys)
                             if (key.key_id() == id) return std::optional(key);
                           return std::optional<crypto::VerifyKey>();
                         }));
  return parse_invitation(reader.manifest());
}

Result<void> become_site(const Node& node, Connection& connection, const Invitation& invitation) {
  auto identity = store::read_identity(connection);
  if (!identity)
    return fail(Errc::bad_config, "the data folder was never initialised", "skerry init");
  if (identity->id == invitation.site) return {};
  const auto upstream = store::read_upstream(connection);
  if (upstream && upstream->life.ord > 0)
    return fail(Errc::already_exists,
                fmt::format("this machine is already site {} ({})", identity->name,
                            to_string(identity->id)),
                fmt::format("at its central, invite that site by its name once more: skerry site "
                            "invite {0}; where central was put back to before it knew the site: "
                            "skerry site invite {0} --id {1}; for another central init a new data "
                            "folder",
                            shell_word(identity->name), to_string(identity->id)));
  identity->id = invitation.site;
  if (!invitation.name.empty()) identity->name = invitation.name;
  store::write_identity(connection, *identity);
  save_trust(connection, invitation.trust);
  store::forget_trust(connection, node.log);
  if (invitation.generation) {
    SKERRY_TRY(const Trust rooted, first_seen(*invitation.generation));
    store::insert_trust(
        connection, node.log,
        {rooted.generation, to_json_text(to_json(*invitation.generation)), node.clock.wall_ms()});
  }
  store::write_upstream(connection, store::Upstream{});
  if (!upstream) node.log.start_received(connection, new_id<EpochId>(node.random));
  return {};
}

}  // namespace

Result<Answered> answer_invitation(const Node& node, SpooledFile file) {
  SKERRY_TRY_VOID(require_role(node, Role::site));
  SKERRY_TRY(const Invitation invitation, read_invitation(std::move(file)));
  auto work = [&](Connection& connection) -> Result<store::LogHead> {
    SKERRY_TRY_VOID(become_site(node, connection, invitation));
    return store::read_head(connection, "own");
  };
  SKERRY_TRY(const store::LogHead head, write_or_try(node, work));
  const auto sign = node.keys.sign.verify_key();
  const auto age = node.keys.age.recipient();
  const Hash fingerprint = keys_fingerprint(invitation.site, sign, age);
  SKERRY_TRY(const Bytes nonce, new_bytes(node, nonce_bytes));
  const Hash proof = code_proof(crypto::sha256(invitation.code), fingerprint, nonce);
  const Party from = Party::site(invitation.site);
  Manifest manifest = new_manifest(node, BundleKind::enrol, from, head.epoch, Party::central());
  manifest.extra = {{"enrol", json::object{{"sign_key", sign.to_text()},
                                           {"age_recipient", age.to_text()},
                                           {"nonce", to_hex(nonce)},
                                           {"proof", to_hex(proof)}}}};
  SKERRY_TRY(auto bundle, write_bundle(node.spool, manifest, {&node.keys.sign, 1}));
  return Answered{invitation.site, invitation.name, invitation.trust, fingerprint,
                  packed(std::move(bundle), enrol_name(invitation.site, sign.key_id()), from,
                         Party::central())};
}

namespace {

struct Answer {
  SiteId site;
  EpochId epoch;
  crypto::VerifyKey sign;
  crypto::AgeRecipient age;
  Bytes nonce;
  Hash proof{};
  Hash fingerprint() const { return keys_fingerprint(site, sign, age); }
};

Result<Answer> parse_answer(const Manifest& manifest) {
  if (manifest.kind != BundleKind::enrol || manifest.from.party.role != Role::site)
    return fail(Errc::bad_input,
                fmt::format("the file is a bundle of kind {}, not a site's answer",
                            to_string(manifest.kind)),
                "at the site: skerry enrol INVITATION");
  const json::object* object = object_of(manifest.extra, "enrol");
  const auto nonce = object ? from_hex(text_of(*object, "nonce")) : std::nullopt;
  const auto proof = object ? hash_from_hex(text_of(*object, "proof")) : std::nullopt;
  if (!nonce || !proof) return fail(Errc::corrupt_bundle, "the answer lacks one of its members");
  SKERRY_TRY(auto sign, crypto::VerifyKey::from_text(text_of(*object, "sign_key")));
  SKERRY_TRY(auto age, crypto::AgeRecipient::parse(text_of(*object, "age_recipient")));
  return Answer{manifest.from.party.id, manifest.from.epoch, std::move(sign), age, *nonce, *proof};
}

Result<Answer> read_answer(SpooledFile file) {
  SKERRY_TRY(
      const auto reader,
      BundleReader::open(std::move(file.file),
                         [](const Manifest& manifest,
                            const crypto::KeyId& id) -> Result<std::optional<crypto::VerifyKey>> {
                           SKERRY_TRY(const Answer answer, parse_answer(manifest));
                           if (answer.sign.key_id() == id) return std::optional(answer.sign);
                           return std::optional<crypto::VerifyKey>();
                         }));
  if (reader.manifest().to != Party::central())
    return fail(Errc::wrong_recipient, "the answer is not for central");
  return parse_answer(reader.manifest());
}

// Of a copied disk, or of a machine that was admitted as another site: one log is one site's.
Result<void> check_log_is_free(Connection& connection, const Answer& answer) {
  const auto epoch = store::find_epoch(connection, answer.epoch);
  const auto writer = epoch ? store::find_site_by_number(connection, epoch->site) : std::nullopt;
  if (!writer || writer->id == answer.site) return {};
  return fail(Errc::already_exists,
              fmt::format("the machine writes the log of site {} already", writer->name),
              "at the machine, answer the invitation from a new data folder: skerry init");
}

// The site the answer belongs to, when the proof fits its invitation.
Result<Site> check_answer(Connection& connection, const Answer& answer) {
  auto site = store::find_site(connection, answer.site);
  if (!site)
    return fail(Errc::unknown_signer, "this central invited no such site", "skerry site list");
  if (site->status == store::SiteStatus::revoked)
    return fail(Errc::revoked_signer, fmt::format("site {} was revoked", site->name),
                "invite it anew: skerry site invite " + shell_word(site->name));
  if (!site->code_hash) {
    if (site->sign_key == answer.sign.to_text()) return std::move(*site);
    return fail(Errc::code_used,
                fmt::format("the invitation of {} was answered already", site->name),
                fmt::format("if this is the right machine: skerry site revoke {0}, then skerry "
                            "site invite {0}",
                            shell_word(site->name)));
  }
  const Hash expected = code_proof(*site->code_hash, answer.fingerprint(), answer.nonce);
  if (!crypto::equal_constant_time(expected, answer.proof))
    return fail(Errc::code_used, "the answer does not prove the invitation's code",
                "carry the last invitation, or write another: skerry site invite " +
                    shell_word(site->name));
  SKERRY_TRY_VOID(check_log_is_free(connection, answer));
  return std::move(*site);
}

}  // namespace

Result<Applicant> admit_site(const Node& node, SpooledFile file, const ConfirmFingerprint& confirm,
                             const store::Author& author) {
  SKERRY_TRY_VOID(require_role(node, Role::central));
  SKERRY_TRY(const Answer answer, read_answer(std::move(file)));
  Applicant applicant;
  applicant.fingerprint = answer.fingerprint();
  {
    const store::Reader reader = node.database.read();
    SKERRY_TRY(applicant.site, check_answer(*reader, answer));
  }
  SKERRY_TRY(const bool confirmed, confirm(applicant.fingerprint));
  if (!confirmed) return applicant;
  auto work = [&](Connection& connection) -> Result<Site> {
    SKERRY_TRY(Site site, check_answer(connection, answer));
    if (site.status == store::SiteStatus::active) return site;
    site.status = store::SiteStatus::active;
    site.code_hash.reset();
    site.sign_key = answer.sign.to_text();
    site.age_recipient = answer.age.to_text();
    site.admitted_at = node.clock.wall_ms();
    if (!store::find_epoch(connection, answer.epoch)) {
      store::insert_epoch(connection, site, answer.epoch);
      site.epoch = answer.epoch;
      site.down = {};  // a machine that holds nothing yet, whatever the one before it held
    } else if (site.epoch != answer.epoch) {
      site.expected = answer.epoch;  // a copy that is to go on
    }
    store::RecordWriter writer = writer_of(node, connection);
    SKERRY_TRY_VOID(store::change_site(connection, writer, site, author));
    store::note_site(connection, site);
    return site;
  };
  SKERRY_TRY(applicant.site, write_or_try(node, work));
  applicant.admitted = true;
  return applicant;
}

Result<Site> revoke_site(const Node& node, const SiteId& id, const store::Author& author) {
  SKERRY_TRY_VOID(require_role(node, Role::central));
  auto work = [&](Connection& connection) -> Result<Site> {
    auto site = store::find_site(connection, id);
    if (!site) return fail(Errc::not_found, "there is no such site", "skerry site list");
    site->status = store::SiteStatus::revoked;
    site->code_hash.reset();
    store::RecordWriter writer = writer_of(node, connection);
    SKERRY_TRY_VOID(store::change_site(connection, writer, *site, author));
    store::note_site(connection, *site);
    return std::move(*site);
  };
  return write_or_try(node, work);
}

}  // namespace skerry::sync
