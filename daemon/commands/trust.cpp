#include "daemon/commands/trust.hpp"

#include <algorithm>
#include <unistd.h>

#include "api/handlers/trust.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "crypto/file.hpp"
#include "daemon/commands/trust_report.hpp"
#include "daemon/folder.hpp"
#include "daemon/stopped_machine.hpp"
#include "sync/trust_office.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;
using sync::TrustFile;

constexpr UnixMillis lasts_ms = 5ll * 365 * 24 * 3600 * 1000;

store::Author who() { return {fmt::format("uid:{}", ::getuid()), "cli", {}}; }

Result<UnixMillis> expiry(const std::string& text) {
  const UnixMillis now = SystemClock().wall_ms();
  if (text.empty()) return now + lasts_ms;
  const auto time = parse_timestamp(text);
  if (time && *time > now) return *time;
  return fail(Errc::usage, fmt::format("--expires: '{}' is no time to come", text),
              "give a time such as 2031-01-31T00:00:00Z, or leave --expires out for five years");
}

fs::path public_file_of(fs::path key) { return key.replace_extension(".pub.pem"); }

// A holder's key and its public half beside it.
Result<crypto::VerifyKey> save_root(const fs::path& file, const crypto::SigningKey& key) {
  SKERRY_TRY_VOID(key.save_new(file));
  SKERRY_TRY_VOID(crypto::create_file_atomically(public_file_of(file),
                                                 as_bytes(key.verify_key().to_pem()), 0644));
  return key.verify_key();
}

fs::path root_file(const fs::path& folder, std::size_t holder) {
  return folder / fmt::format("root-{}.pem", holder + 1);
}

// Of `trust init`: the draft, and so many holders' keys beside it.
Result<void> check_draft_folder(const fs::path& folder, const fs::path& file, std::size_t holders) {
  SKERRY_TRY_VOID(check_private_folder(folder));
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) return {};
  SKERRY_TRY_VOID(crypto::check_new_file(file));
  for (std::size_t holder = 0; holder < holders; ++holder) {
    const fs::path key = root_file(folder, holder);
    SKERRY_TRY_VOID(crypto::check_new_file(key));
    SKERRY_TRY_VOID(crypto::check_new_file(public_file_of(key)));
  }
  return {};
}

Result<TrustFile> load_draft(const std::string& file) {
  return sync::load_trust_file(file).map_error(as_input);
}

// What the file says; one that was tampered with is named.
Result<sync::TrustFileState> state_of(const std::string& file, const TrustFile& trust) {
  auto state = read_state(trust);
  // What is new is told by the generation before, so that one must be signed, too.
  if (state && state->previous)
    if (const auto before = first_seen(*(trust.generations.end() - 2)); !before)
      state = fail(before.error());
  return state.map_error([&](Error error) {
    error.detail = fmt::format("{}: {}", file, error.detail);
    if (error.next.empty()) error.next = "do not use it: ask central for the file that it wrote";
    return error;
  });
}

// The file as it is now, or as a dry run would leave it: who has signed, and who is still to.
Result<Exit> report_file(Terminal& terminal, const std::string& file, const TrustFile& trust,
                         bool dry_run = false) {
  SKERRY_TRY(const sync::TrustFileState state, state_of(file, trust));
  const UnixMillis now = SystemClock().wall_ms();
  json::object report = api::trust_json(state.trust, now);
  json::value changes;  // since the generation before, where there is one
  if (state.previous) changes = trust_changes(api::trust_json(*state.previous, now), report);
  std::vector<std::string> signers;
  json::array signed_by;
  for (const auto& [key, signature] : trust.last().signatures) {
    signers.push_back(key);
    signed_by.push_back(json::string(key));
  }
  report["file"] = file;
  report["signed_by"] = std::move(signed_by);
  report["missing"] =
      json::object{{"own", state.missing.own}, {"previous", state.missing.previous}};
  report["complete"] = state.missing.none();
  report["changes"] = changes;
  terminal.document(report);
  show_trust(terminal, report, signers);
  if (changes.is_object()) show_trust_changes(terminal, changes.get_object());
  if (dry_run) {
    terminal.line("{} would be written", file);
    return Exit::ok;
  }
  if (state.missing.none()) {
    terminal.line("complete: enough of the holders have signed");
    terminal.next(fmt::format("at central: skerry trust adopt {}", shell_word(file)));
    return Exit::ok;
  }
  terminal.line("missing: {} of its own roots' signatures, {} of those of the generation before",
                state.missing.own, state.missing.previous);
  terminal.next(fmt::format("each holder: skerry trust sign {} --key KEYFILE", shell_word(file)));
  return Exit::attention;
}

// Being incomplete is what a new draft is.
Result<Exit> report_draft(Terminal& terminal, const std::string& file, const TrustFile& trust,
                          bool dry_run) {
  return report_file(terminal, file, trust, dry_run).map([](Exit) { return Exit::ok; });
}

// From here on its node says whether it is a dry run.
Result<std::unique_ptr<StoppedMachine>> open_here(const Config& config, bool dry_run) {
  auto machine = StoppedMachine::open(DataFolder{config.data()}, dry_run);
  if (machine || machine.error().code != Errc::locked) return machine;
  return fail(Errc::locked, machine.error().detail,
              "stop the daemon for this: it keeps the keys that it began with");
}

struct NewRoots {
  std::vector<crypto::SigningKey> made;  // of holders who brought no key
  std::vector<crypto::VerifyKey> keys;
};

Result<NewRoots> roots_for(const TrustStart& start) {
  NewRoots roots;
  if (!start.roots.empty()) {
    SKERRY_TRY(roots.keys, load_public_keys(start.roots));
    return roots;
  }
  for (std::int64_t holder = 0; holder < start.holders; ++holder) {
    roots.made.push_back(crypto::SigningKey::generate());
    roots.keys.push_back(roots.made.back().verify_key());
  }
  return roots;
}

bool is_tried(const sync::Node& node) { return node.effect == sync::Effect::tried; }

// Prepared in files; of a dry run in memory alone.
Result<sync::Keys> next_keys(const DataFolder& folder, const sync::Node& node) {
  if (!is_tried(node)) return prepare_next_keys(folder, node.random);
  SKERRY_TRY_VOID(check_private_folder(folder.next_keys()));
  SKERRY_TRY(auto prepared, find_next_keys(folder));
  if (prepared) return std::move(*prepared);
  return sync::Keys{crypto::SigningKey::generate(), crypto::AgeIdentity::generate(node.random)};
}

Result<Exit> rotate_site(const DataFolder& folder, const StoppedMachine& machine,
                         Terminal& terminal) {
  const sync::Node& node = machine.node();
  SKERRY_TRY(const sync::Keys next, next_keys(folder, node));
  SKERRY_TRY_VOID(rotate_site_keys(node, next, who()));
  if (is_tried(node)) {
    const std::string previous = node.keys.sign.verify_key().to_text();
    terminal.document({{"previous", previous}});
    terminal.line("this site would sign with a new key; {} would be gone", previous);
    return Exit::ok;
  }
  SKERRY_TRY_VOID(put_next_keys_in_place(folder, *node.database.read()));
  const std::string key = next.sign.verify_key().to_text();
  terminal.document({{"sign_key", key},
                     {"age_recipient", next.age.recipient().to_text()},
                     {"previous", node.keys.sign.verify_key().to_text()}});
  terminal.line("this site signs with {} from now on; the key before it is gone", key);
  terminal.next("skerry serve, and exchange: the next bundle tells central; then make a backup");
  return Exit::ok;
}

Result<sync::TrustWish> wish_of(const TrustChange& change) {
  sync::TrustWish wish;
  SKERRY_TRY(wish.add_roots, load_public_keys(change.add_roots));
  wish.drop_roots = change.drop_roots;
  wish.revoke = change.revoke;
  wish.threshold = change.threshold;
  SKERRY_TRY(wish.expires_at, expiry(change.expires_at));
  return wish;
}

bool is_for_central(const TrustChange& change) {
  return !change.file.empty() || change.central_keys || !change.add_roots.empty() ||
         !change.drop_roots.empty() || !change.revoke.empty() || change.threshold ||
         !change.expires_at.empty();
}

Result<Exit> rotate_central(const DataFolder& folder, const StoppedMachine& machine,
                            Terminal& terminal, const TrustChange& change) {
  if (change.file.empty())
    return fail(Errc::usage, "central's rotation is a file, for the holders to sign",
                "skerry trust rotate FILE, with --central-keys for new keys of central's");
  SKERRY_TRY(const sync::Trust held, sync::trust_of(machine.node()));
  if (held.generation == 0)
    return fail(Errc::not_found, "there is no generation of trust yet", "skerry trust init DIR");
  SKERRY_TRY(sync::TrustWish wish, wish_of(change));
  std::optional<sync::Keys> next;
  if (change.central_keys) {
    SKERRY_TRY(next, next_keys(folder, machine.node()));
    wish.next = &*next;
  }
  SKERRY_TRY(const TrustFile draft, draft_trust(machine.node(), wish));
  const bool dry_run = is_tried(machine.node());
  SKERRY_TRY_VOID(dry_run ? crypto::check_new_file(change.file)
                          : save_trust_file(change.file, draft, true));
  return report_draft(terminal, change.file, draft, dry_run);
}

}  // namespace

Result<Exit> run_trust_key(Terminal& terminal, const std::string& file, bool dry_run) {
  const std::string public_file = public_file_of(file).string();
  if (dry_run) {
    for (const std::string& each : {file, public_file})
      SKERRY_TRY_VOID(crypto::check_new_file(each));
    terminal.document({{"file", file}, {"public", public_file}});
    terminal.line("a root key would be written to {}, its public half to {}", file, public_file);
    return Exit::ok;
  }
  SKERRY_TRY(const auto key, save_root(file, crypto::SigningKey::generate()));
  terminal.document({{"file", file},
                     {"public", public_file},
                     {"key", key.key_id()},
                     {"sign_key", key.to_text()}});
  terminal.line("root {}: keep {} off every machine that is on a line", key.key_id(), file);
  terminal.next(fmt::format("bring {} to central: skerry trust init DIR --root {}", public_file,
                            shell_word(public_file)));
  return Exit::ok;
}

Result<Exit> run_trust_init(const Config& config, Terminal& terminal, const TrustStart& start,
                            bool dry_run) {
  SKERRY_TRY(const UnixMillis expires_at, expiry(start.expires_at));
  SKERRY_TRY(const auto machine, open_here(config, dry_run));
  SKERRY_TRY_VOID(require_role(machine->node(), Role::central));
  SKERRY_TRY(const sync::Trust held, sync::trust_of(machine->node()));
  if (held.generation > 0)
    return fail(Errc::already_exists,
                fmt::format("generation {} of trust is in force", held.generation),
                "skerry trust rotate FILE drafts the next one");
  SKERRY_TRY(const NewRoots roots, roots_for(start));
  sync::TrustWish wish;
  wish.add_roots = roots.keys;
  wish.threshold = start.threshold;
  wish.expires_at = expires_at;
  SKERRY_TRY(const TrustFile draft, draft_trust(machine->node(), wish));
  const fs::path folder = start.folder, file = folder / "trust-1.json";
  if (is_tried(machine->node())) {
    SKERRY_TRY_VOID(check_draft_folder(folder, file, roots.made.size()));
    return report_draft(terminal, file.string(), draft, true);
  }
  SKERRY_TRY_VOID(make_private_folder(folder));
  SKERRY_TRY_VOID(save_trust_file(file, draft, true));
  for (std::size_t holder = 0; holder < roots.made.size(); ++holder)
    SKERRY_TRY_VOID(save_root(root_file(folder, holder), roots.made[holder]));
  if (!roots.made.empty())
    terminal.talk(
        "{} holders' keys are in {}: hand each out on a medium of its own, and leave none",
        roots.made.size(), start.folder);
  return report_draft(terminal, file.string(), draft, false);
}

Result<Exit> run_trust_sign(Terminal& terminal, const std::string& file, const std::string& key,
                            bool dry_run) {
  SKERRY_TRY(TrustFile trust, load_draft(file));
  SKERRY_TRY(const sync::TrustFileState state, state_of(file, trust));
  SKERRY_TRY(const auto root, crypto::SigningKey::load(key).map_error(as_input));
  const auto is_root = [&](const sync::Trust& generation) {
    return std::find(generation.roots.begin(), generation.roots.end(), root.verify_key()) !=
           generation.roots.end();
  };
  if (!is_root(state.trust) && !(state.previous && is_root(*state.previous)))
    return fail(Errc::unknown_signer,
                fmt::format("{} is key {}, which is no root of this generation nor of the one "
                            "before it",
                            key, root.verify_key().key_id()),
                fmt::format("skerry trust show {} names the roots", shell_word(file)));
  sign(trust.generations.back(), root);
  SKERRY_TRY_VOID(dry_run ? crypto::check_file_place(file) : save_trust_file(file, trust, false));
  return report_draft(terminal, file, trust, dry_run);
}

Result<Exit> run_trust_show(const Config& config, Terminal& terminal, const std::string& file) {
  if (!file.empty()) {
    SKERRY_TRY(const TrustFile trust, load_draft(file));
    return report_file(terminal, file, trust);
  }
  DaemonClient daemon(config, terminal);
  SKERRY_TRY(const auto answer, daemon.get_object("/v1/trust"));
  terminal.document(answer);
  show_trust(terminal, answer, {});
  if (const std::int64_t behind = integer_of(answer, "sites_behind"); behind > 0)
    terminal.line("sites       {} active have not said that they hold it", behind);
  if (const std::int64_t unheard = integer_of(answer, "new_keys_unconfirmed"); unheard > 0)
    terminal.line("new keys    {} of this site's, of which central is yet to hear", unheard);
  const json::value* expired = answer.if_contains("expired");
  return expired && expired->is_bool() && expired->get_bool() ? Exit::attention : Exit::ok;
}

Result<Exit> run_trust_rotate(const Config& config, Terminal& terminal, const TrustChange& change,
                              bool dry_run) {
  const DataFolder folder{config.data()};
  SKERRY_TRY(const auto machine, open_here(config, dry_run));
  SKERRY_TRY(const store::Identity identity, identity_of(machine->node()));
  if (identity.role == Role::central) return rotate_central(folder, *machine, terminal, change);
  if (is_for_central(change))
    return fail(Errc::wrong_role, "a site replaces its own keys, and nothing else",
                "skerry trust rotate, without more; a file and its options are central's");
  SKERRY_TRY_VOID(machine->remember(config.anchor()));
  return rotate_site(folder, *machine, terminal);
}

Result<Exit> run_trust_adopt(const Config& config, Terminal& terminal, const std::string& file,
                             bool dry_run) {
  const DataFolder folder{config.data()};
  SKERRY_TRY(const TrustFile trust, load_draft(file));
  SKERRY_TRY(const auto machine, open_here(config, dry_run));
  SKERRY_TRY_VOID(machine->remember(config.anchor()));
  const sync::Node& node = machine->node();
  SKERRY_TRY(const auto next, find_next_keys(folder));
  SKERRY_TRY(const sync::Adopted adopted,
             adopt_trust(node, trust.generations, next ? &*next : nullptr, who()));
  if (!is_tried(node)) SKERRY_TRY_VOID(put_next_keys_in_place(folder, *node.database.read()));
  json::object report = api::trust_json(adopted.trust, node.clock.wall_ms());
  report["taken"] = adopted.generations;
  report["new_keys"] = adopted.new_keys;
  terminal.document(report);
  show_trust(terminal, report, {});
  if (adopted.generations == 0) {
    terminal.line("nothing of it was news here");
    return Exit::ok;
  }
  if (is_tried(node)) {
    terminal.line("it would be in force{}",
                  adopted.new_keys ? ", and central would sign with its new key" : "");
    return Exit::ok;
  }
  if (adopted.new_keys) terminal.line("central signs with its new key from now on");
  terminal.next("skerry serve; every bundle brings it to the sites from now on; make a backup");
  return Exit::ok;
}

}  // namespace skerry::daemon
