#include "sync/trust_office.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_text.hpp"
#include "store/log_event.hpp"
#include "store/lost_ranges.hpp"
#include "store/trust.hpp"
#include "sync/enrolment.hpp"
#include "sync/site_keys.hpp"

namespace skerry::sync {
namespace {

using store::Connection;

template <class Value>
bool has(const std::vector<Value>& values, const Value& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool names(const Trust& trust, const Keys& keys) {
  return has(trust.signing_keys, keys.sign.verify_key()) &&
         has(trust.recipients, keys.age.recipient());
}

// Central takes nothing more that the key signed which a site gives up.
bool awaits_rows(Connection& connection) {
  const auto lost = store::list_missing(connection);
  return std::any_of(lost.begin(), lost.end(), [](const store::LostRange& range) {
    return !range.told && !range.acknowledged_at;
  });
}

Result<void> change_roots(Trust& trust, const TrustWish& wish) {
  for (const crypto::KeyId& id : wish.drop_roots)
    if (std::erase_if(trust.roots, [&](const auto& root) { return root.key_id() == id; }) == 0)
      return fail(Errc::usage, fmt::format("there is no root {}", id), "skerry trust show");
  for (const crypto::VerifyKey& root : wish.add_roots) {
    if (has(trust.roots, root))
      return fail(Errc::usage, fmt::format("{} is a root already", root.key_id()),
                  "name each key once");
    trust.roots.push_back(root);
  }
  trust.threshold = wish.threshold.value_or(trust.threshold);
  return {};
}

// What is revoked signs no bundles: a root goes another way, and central needs a key to go on with.
Result<void> check_revoked(const Trust& trust, const TrustWish& wish) {
  for (const crypto::KeyId& id : wish.revoke) {
    const auto is_named = [&](const crypto::VerifyKey& key) { return key.key_id() == id; };
    if (std::any_of(trust.roots.begin(), trust.roots.end(), is_named))
      return fail(Errc::usage,
                  fmt::format("{} is a root, and would go on to sign for generations", id),
                  fmt::format("skerry trust rotate FILE --drop-root {}", id));
    if (!wish.next && std::any_of(trust.signing_keys.begin(), trust.signing_keys.end(), is_named))
      return fail(Errc::usage, fmt::format("{} is the key that central signs with", id),
                  "skerry trust rotate FILE --central-keys revokes it, and makes another");
  }
  return {};
}

void change_central(Trust& trust, const TrustWish& wish) {
  const auto revoke = [&](const crypto::KeyId& id) {
    if (!is_revoked(trust, id)) trust.revoked.push_back(id);
  };
  for (const crypto::KeyId& id : wish.revoke) revoke(id);
  if (!wish.next) return;
  for (const crypto::VerifyKey& key : trust.signing_keys)
    if (!(key == wish.next->sign.verify_key())) revoke(key.key_id());
  trust.signing_keys = {wish.next->sign.verify_key()};
  trust.recipients = {wish.next->age.recipient()};
}

// As it is kept and travels.
store::TrustGeneration row_of(const Node& node, const Trust& trust, const SignedText& text) {
  return {trust.generation, to_json_text(to_json(text)), node.clock.wall_ms()};
}

// A draft is signed by nobody on its way to the holders: a key that was added to it would sign for
// central, or read all that sites send.
Result<void> check_alone(const Trust& trust) {
  if (trust.signing_keys.size() == 1 && trust.recipients.size() == 1) return {};
  return fail(Errc::unknown_signer,
              fmt::format("generation {} names {} signing keys and {} recipients for central, and "
                          "this machine has one of each",
                          trust.generation, trust.signing_keys.size(), trust.recipients.size()),
              "do not use it: somebody changed the draft before it was signed; draft another, with "
              "--central-keys where the present generation names them, too");
}

// The keys that central goes on with, of the two that it may have.
Result<const Keys*> keys_for(const Node& node, const Trust& trust, const Keys* next) {
  for (const Keys* keys : {&node.keys, next})
    if (keys && names(trust, *keys)) return check_alone(trust).map([&] { return keys; });
  return fail(Errc::missing_key,
              fmt::format("generation {} names other keys for central than this machine has",
                          trust.generation),
              "skerry trust rotate FILE --central-keys drafts one with keys that are here; where "
              "sites hold it already: " +
                  remedy_of_later(trust.generation));
}

// Two generations of one number come about where central was put back to before the first of them.
Result<void> check_same_line(const Node& node, const Trust& held,
                             const std::vector<SignedText>& generations) {
  const store::Reader reader = node.database.read();
  const auto newest = store::newest_trust(*reader);
  if (!newest) return {};
  SKERRY_TRY(const json::value value, parse_json(newest->text));
  SKERRY_TRY(const SignedText own, read_signed_text(value));
  for (const SignedText& each : generations) {
    SKERRY_TRY(const Trust trust, parse_generation(each.text));
    if (trust.generation == held.generation && each.text != own.text)
      return fail(Errc::already_exists,
                  fmt::format("another generation {} of trust is in force here", held.generation),
                  "take on a later one, that at central skerry trust rotate FILE drafts");
  }
  return {};
}

}  // namespace

Result<Trust> trust_of(const Node& node) {
  SKERRY_TRY(const store::Identity identity, identity_of(node));
  if (identity.role == Role::central) return trust_of_central(node);
  const store::Reader reader = node.database.read();
  return load_trust(*reader);
}

Result<TrustFile> draft_trust(const Node& node, const TrustWish& wish) {
  SKERRY_TRY_VOID(require_role(node, Role::central));
  SKERRY_TRY(Trust trust, trust_of(node));
  TrustFile file;
  if (trust.generation > 0) {
    const store::Reader reader = node.database.read();
    SKERRY_TRY(const json::value newest, parse_json(store::newest_trust(*reader)->text));
    SKERRY_TRY(SignedText held, read_signed_text(newest));
    file.generations.push_back(std::move(held));
  }
  ++trust.generation;
  trust.made_at = node.clock.wall_ms();
  trust.expires_at = wish.expires_at;
  SKERRY_TRY_VOID(change_roots(trust, wish));
  SKERRY_TRY_VOID(check_revoked(trust, wish));
  change_central(trust, wish);
  SignedText draft{generation_text(trust), {}};
  if (const auto sound = parse_generation(draft.text); !sound)
    return fail(Errc::usage, sound.error().detail, "skerry trust show says what is there now");
  file.generations.push_back(std::move(draft));
  return file;
}

Result<Adopted> adopt_trust(const Node& node, std::vector<SignedText> generations, const Keys* next,
                            const store::Author& author) {
  SKERRY_TRY(const store::Identity identity, identity_of(node));
  SKERRY_TRY(const Trust held, trust_of(node));
  const bool central = identity.role == Role::central;
  if (central && held.generation == 0 && !generations.empty())
    sign(generations.front(), node.keys.sign);
  SKERRY_TRY(const TrustWalk walked, walk(held, generations).map_error([](Error error) {
    if (error.next.empty()) error.next = "do not use it: ask central for the file that it wrote";
    return error;
  }));
  Adopted adopted{walked.trust, std::ssize(walked.taken), false};
  if (walked.taken.empty())
    return check_same_line(node, held, generations).map([&] { return adopted; });
  const Keys* keys = &node.keys;
  if (central) {
    SKERRY_TRY(keys, keys_for(node, walked.trust, next));
  }
  adopted.new_keys = keys != &node.keys;
  auto work = [&](Connection& connection) -> Result<void> {
    for (const SignedText& generation : walked.taken) {
      SKERRY_TRY(const Trust trust, parse_generation(generation.text));
      store::insert_trust(connection, node.log, row_of(node, trust, generation));
    }
    if (adopted.new_keys) remember_keys(connection, *keys);
    store::append_event(connection, node.log, "trust_adopted",
                        {{"generation", walked.trust.generation},
                         {"central_key", walked.trust.signing_keys.front().key_id()}},
                        author);
    return {};
  };
  SKERRY_TRY_VOID(write_or_try(node, work));
  return adopted;
}

Result<void> rotate_site_keys(const Node& node, const Keys& next, const store::Author& author) {
  SKERRY_TRY_VOID(require_role(node, Role::site));
  SKERRY_TRY(const store::Identity identity, identity_of(node));
  const crypto::KeyId key = next.sign.verify_key().key_id();
  auto work = [&](Connection& connection) -> Result<void> {
    // Before a site has a central there is nobody to tell.
    if (!identity.id.is_zero()) {
      if (store::list_new_keys(connection).size() >= new_keys_max)
        return fail(Errc::limit_exceeded,
                    fmt::format("central has not heard of the last {} keys yet", new_keys_max),
                    "exchange first: skerry exchange");
      if (awaits_rows(connection))
        return fail(Errc::bundle_gap,
                    "rows that this site lost may come back by what a restore saved, which its "
                    "present key signed",
                    "skerry doctor names the way back; where nothing is to come any more: skerry "
                    "lost acknowledge; then again");
      const SignedText statement =
          next_site_keys(identity.id, node.keys, next, node.clock.wall_ms());
      store::add_new_key(connection, key, to_json_text(to_json(statement)));
    }
    remember_keys(connection, next);
    store::append_event(connection, node.log, "keys_replaced",
                        {{"key", key}, {"previous", node.keys.sign.verify_key().key_id()}}, author);
    return {};
  };
  return write_or_try(node, work);
}

}  // namespace skerry::sync
