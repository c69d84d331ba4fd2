// The whole import of a bundle by a sender with the right keys who sends what he likes: manifest
// and lines are the fuzzer's, then compressed, encrypted and signed as they should be, and taken in
// by the shipped engine on a database of its own.
//
// The first byte chooses: 1 for a bundle to the site rather than to central, 2 for a snapshot or a
// handover, 4 for positions that are put right, so that the fuzzer reaches the rows. The first line
// is JSON: members of the manifest that replace the right ones. The others are the payload's.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/check.hpp"
#include "core/log.hpp"
#include "crypto/sha256.hpp"
#include "store/upstream.hpp"
#include "tests/simulation/machine.hpp"

namespace skerry::sync {
namespace {

constexpr std::size_t lines_max = 200;

struct Choice {
  bool down = false;
  bool other_kind = false;
  bool mended = false;
};

// Central and a site that has met it; each goes back to that state when something was taken in.
class World {
 public:
  World()
      : folder_(sim::scratch_folder()),
        central_(0, folder_ / "0", sim::template_of(0), now_, 1),
        site_(1, folder_ / "1", sim::template_of(1), now_, 2) {
    set_log_level(Level::critical);
    sim::must(sim::add_customer(central_, "Lighthouse"), "writing");
    sim::must(sim::add_customer(site_, "Harbour"), "writing");
    exchange();
    for (sim::Machine* machine : {&central_, &site_}) {
      images_[machine->number] = machine->image();
      digests_[machine->number] = machine->digest();
    }
  }
  ~World() {
    central_.database.reset();
    site_.database.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void take(const Choice& choice, const json::object& changes,
            const std::vector<std::string>& lines) {
    sim::Machine& to = choice.down ? site_ : central_;
    const auto bundle = choice.down ? down(choice, changes, lines) : up(choice, changes, lines);
    if (!bundle) return;  // too large for a bundle, or a manifest that none can write
    const ImportOutcome outcome = to.import(*bundle, "fuzz.skb");
    check(to, outcome);
  }

 private:
  void exchange() {
    const auto carry = [&](sim::Machine& to) {
      return [&to](PackedBundle&& packed) -> Result<void> {
        to.import(sim::read_whole(packed.bundle.file.fd(), packed.bundle.size), packed.name);
        return {};
      };
    };
    sim::must(pack_changes(site_.node(), {}, carry(central_)), "packing");
    const auto known = central_.read([](store::Connection& connection) {
      return *store::find_site(connection, sim::site_id(1));
    });
    sim::must(pack_state(central_.node(), known, {.always = true, .resume = {}}, carry(site_)),
              "packing");
  }

  // What was refused changed nothing; what was taken in left a sound database with whole chains.
  void check(sim::Machine& machine, const ImportOutcome& outcome) {
    if (outcome.error) {
      SKERRY_CHECK(outcome.error->code != Errc::internal);
      SKERRY_CHECK(machine.digest() == digests_[machine.number]);
      return;
    }
    machine.read([](store::Connection& connection) {
      {
        auto cursor = connection.query("PRAGMA integrity_check");
        SKERRY_CHECK(cursor.next() && cursor.text(0) == "ok");
      }
      const auto verified = store::verify_chains(connection, {});
      SKERRY_CHECK(verified.has_value());
    });
    machine.put_back(images_[machine.number], true);
  }

  Result<Bytes> up(const Choice& choice, const json::object& changes,
                   const std::vector<std::string>& lines) {
    const BundleKind kind = choice.other_kind ? BundleKind::handover : BundleKind::changes;
    const store::LogHead& own = site_.log->own();
    ChangesBody body;
    body.first = own.seq + 1;
    body.last = own.seq + std::ssize(lines);
    body.prev_hash = body.last_hash = own.hash;
    for (const std::string& line : lines) body.last_hash = crypto::chain_hash(body.last_hash, line);
    body.head = body.last;
    body.down = position_of_site();
    if (!choice.mended) body.last_hash = Hash{};
    const Party from = Party::site(sim::site_id(1));
    Manifest manifest = new_manifest(site_.node(), kind, from, own.epoch, Party::central());
    manifest.extra = to_json(body);
    return pack(site_, std::move(manifest), sim::keys_of(0).age.recipient(), changes, lines);
  }

  Result<Bytes> down(const Choice& choice, const json::object& changes,
                     const std::vector<std::string>& lines) {
    const BundleKind kind = choice.other_kind ? BundleKind::snapshot : BundleKind::state;
    StateBody body;
    body.base = body.upto = position_of_site();
    body.upto.n += 1000;
    body.newest = body.upto.n;
    if (choice.mended) body.waypoints.emplace_back(body.base.n, body.base.hash);
    body.waypoints.emplace_back(body.upto.n, body.upto.hash);
    if (choice.other_kind) body.base.n = 0;
    const store::LogHead& own = site_.log->own();
    body.acks.push_back({own.epoch, own.seq, own.hash, own.seq, Standing::active, std::nullopt});
    Manifest manifest = new_manifest(central_.node(), kind, Party::central(),
                                     central_.log->own().epoch, Party::site(sim::site_id(1)));
    manifest.extra = to_json(body);
    return pack(central_, std::move(manifest), sim::keys_of(1).age.recipient(), changes, lines);
  }

  DownPosition position_of_site() {
    const auto upstream =
        site_.read([](store::Connection& connection) { return *store::read_upstream(connection); });
    return {upstream.life, upstream.n, upstream.hash};
  }

  static Result<Bytes> pack(sim::Machine& from, Manifest manifest,
                            const crypto::AgeRecipient& recipient, const json::object& changes,
                            const std::vector<std::string>& lines) {
    for (const auto& [name, value] : changes)
      if (!is_manifest_member(name)) manifest.extra[name] = value;
    const Node node = from.node();
    SKERRY_TRY(auto writer,
               BundleWriter::create(node.spool, node.random, {&recipient, 1},
                                    {manifest.id, manifest.from, manifest.to}, node.options));
    for (const std::string& line : lines) SKERRY_TRY_VOID(writer.add_line(line));
    SKERRY_TRY(const BundleFile file, writer.finish(std::move(manifest), {&node.keys.sign, 1}));
    return sim::read_whole(file.file.fd(), file.size);
  }

  UnixMillis now_ = 1'790'000'000'000;
  std::filesystem::path folder_;
  sim::Machine central_;
  sim::Machine site_;
  std::array<sim::Image, 2> images_;
  std::array<Hash, 2> digests_{};
};

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < lines_max) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void run(std::string_view input) {
  static World world;
  const auto byte = static_cast<unsigned char>(input[0]);
  std::vector<std::string> lines = split(input.substr(1));
  json::object changes;
  if (!lines.empty()) {
    if (auto object = parse_json_object(lines.front())) changes = std::move(*object);
    lines.erase(lines.begin());
  }
  world.take({(byte & 1) != 0, (byte & 2) != 0, (byte & 4) != 0}, changes, lines);
}

}  // namespace
}  // namespace skerry::sync

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) skerry::sync::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
