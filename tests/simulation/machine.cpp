#include "tests/simulation/machine.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/sha256.hpp"
#include "store/own_epochs.hpp"
#include "store/site_scope.hpp"
#include "sync/bundle_reader.hpp"
#include "sync/recall.hpp"
#include "sync/spool.hpp"
#include "sync/state_line.hpp"
#include "sync/trust.hpp"

namespace skerry::sim {
namespace {

constexpr UnixMillis template_time_ms = 1'760'000'000'000;

sync::Keys make_keys(std::size_t number) {
  Rng random(1000 + number);
  std::array<std::uint8_t, 32> seed{};
  random.fill(seed);
  return {must(crypto::SigningKey::from_seed(seed), "key"), crypto::AgeIdentity::generate(random)};
}

// make(0) … make(sites_max).
template <class Make>
auto for_each_number(Make make) {
  std::vector<decltype(make(0))> made;
  for (std::size_t number = 0; number <= sites_max; ++number) made.push_back(make(number));
  return made;
}

void enrol_sites(store::Connection& connection, store::ChangeLog& log, Random& random) {
  const store::Author author{"uid:0", "cli", "template"};
  store::RecordWriter writer(connection, log, Role::central, random);
  for (std::size_t number = 1; number <= sites_max; ++number) {
    auto values = must(read_new(*find_kind("site"), {{"name", fmt::format("site{}", number)}}),
                       "naming a site");
    store::Site site =
        must(store::make_site(connection, writer, site_id(number), std::move(values), author),
             "making a site");
    site.status = store::SiteStatus::active;
    site.sign_key = keys_of(number).sign.verify_key().to_text();
    site.age_recipient = keys_of(number).age.recipient().to_text();
    must(store::change_site(connection, writer, site, author), "admitting a site");
    site.admitted_at = template_time_ms;
    store::note_site(connection, site);
  }
}

void enrol_here(store::Connection& connection) {
  sync::Trust trust;
  trust.central_name = "central";
  trust.signing_keys.push_back(keys_of(0).sign.verify_key());
  trust.recipients.push_back(keys_of(0).age.recipient());
  sync::save_trust(connection, trust);
  store::write_upstream(connection, {});
}

Bytes read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const std::filesystem::path& file, const Bytes& content) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(content.data()),
            static_cast<std::streamsize>(content.size()));
}

Image make_template(std::size_t number) {
  const std::filesystem::path folder = scratch_folder();
  const UnixMillis now = template_time_ms;
  {
    SimClock clock(now);
    Rng random(2000 + number);
    store::ChangeLog log(clock);
    store::DatabaseOptions quick;
    quick.threaded = false;
    quick.durable = false;
    auto database = must(store::Database::open(folder, quick), "opening a template");
    database->set_participant(&log);
    auto work = [&](store::Connection& connection) -> Result<void> {
      const Role role = number == 0 ? Role::central : Role::site;
      store::write_identity(connection, {role, site_id(number), fmt::format("m{}", number)});
      log.load(connection);
      log.start_own(connection, {new_id<EpochId>(random), number == 0 ? central_ord : 0});
      if (number == 0) {
        enrol_sites(connection, log, random);
      } else {
        log.start_received(connection, new_id<EpochId>(random));
        enrol_here(connection);
      }
      return {};
    };
    must(database->write(work), "filling a template");
  }
  Image image{read_file(folder / "skerry.db"), {}};
  std::filesystem::remove_all(folder);
  return image;
}

// The rows in the order of the table: a row that moved is a change.
void digest_table(store::Connection& connection, const std::string& table, crypto::Sha256& hash) {
  std::string columns;
  int count = 0;
  {
    auto cursor = connection.query("SELECT name FROM pragma_table_info(?1) ORDER BY cid", table);
    for (; cursor.next(); ++count) {
      const std::string_view name = cursor.text(0);
      if (name == "contact_at" || name == "clock_suspect" || name == "copy_at")
        --count;
      else
        columns += fmt::format("{}\"{}\"", columns.empty() ? "" : ",", name);
    }
  }
  auto cursor = connection.query(fmt::format("SELECT {} FROM {}", columns, table));
  hash.update(as_bytes(table));
  while (cursor.next())
    for (int column = 0; column < count; ++column) {
      const ByteView bytes = cursor.blob(column);
      const std::uint32_t mark =
          cursor.is_null(column) ? ~0U : static_cast<std::uint32_t>(bytes.size());
      hash.update({reinterpret_cast<const std::uint8_t*>(&mark), sizeof mark});
      hash.update(bytes);
    }
}

}  // namespace

std::filesystem::path scratch_folder() {
  const std::filesystem::path ram("/dev/shm");
  std::error_code ignored;
  const bool usable =
      std::filesystem::is_directory(ram, ignored) && ::access(ram.c_str(), W_OK) == 0;
  std::string name =
      ((usable ? ram : std::filesystem::temp_directory_path()) / "skerry-sim-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw Violation("harness", "no scratch folder");
  return name;
}

const sync::Keys& keys_of(std::size_t number) {
  static const auto keys = for_each_number(make_keys);
  return keys[number];
}

SiteId site_id(std::size_t number) {
  if (number == 0) return {};
  Rng random(3000 + number);
  return new_id<SiteId>(random);
}

const Image& template_of(std::size_t number) {
  static const auto templates = for_each_number(make_template);
  return templates[number];
}

Bytes read_whole(int fd, std::uint64_t size) {
  Bytes bytes(size);
  must(sync::read_at(fd, 0, bytes), "reading a bundle");
  return bytes;
}

Result<void> add_customer(store::Connection& connection, const sync::Node& node, Role role,
                          const std::string& name) {
  const Kind& customer = *find_kind("customer");
  SKERRY_TRY(const FieldValues values, read_new(customer, {{"name", name}}));
  store::RecordWriter writer(connection, node.log, role, node.random);
  return writer.create(customer, std::nullopt, values, {"uid:0", "api", ""})
      .map([](const store::Record&) {});
}

Result<void> add_customer(Machine& machine, const std::string& name) {
  return machine.write([&](store::Connection& connection) {
    return add_customer(connection, machine.node(), machine.role(), name);
  });
}

Result<store::Record> set_scope(Machine& central, std::size_t site, const json::value& scope) {
  return central.write([&](store::Connection& connection) {
    store::RecordWriter writer(connection, *central.log, Role::central, central.random);
    return writer.update(*find_kind("site"), RecordId{site_id(site).bytes}, {{"scope", scope}},
                         std::nullopt, {"uid:0", "cli", "scope"});
  });
}

std::vector<std::string> lines_of(ByteView bundle, const Machine& to) {
  sync::FileHandle file = must(sync::make_private_file(to.folder), "opening a bundle");
  must(sync::write_all(file.fd(), bundle, "opening a bundle"), "opening a bundle");
  auto reader = must(sync::BundleReader::open(std::move(file),
                                              [](const sync::Manifest&, const crypto::KeyId&) {
                                                return Result<std::optional<crypto::VerifyKey>>(
                                                    keys_of(0).sign.verify_key());
                                              }),
                     "opening a bundle");
  must(reader.stage({&keys_of(to.number).age, 1}, to.folder), "opening a bundle");
  std::vector<std::string> lines;
  must(reader.for_each_line([&](std::string_view line, std::uint64_t) -> Result<void> {
    lines.emplace_back(line);
    return {};
  }),
       "opening a bundle");
  return lines;
}

std::string line_out_of_scope(Machine& central, ByteView bundle, const Machine& to) {
  const store::Reader connection = central.database->read();
  const store::Site site = *store::find_site(*connection, site_id(to.number));
  for (std::string& line : lines_of(bundle, to)) {
    const sync::StateLine state = must(sync::decode_state_line(line), "reading a line");
    if (const auto* record = std::get_if<sync::RecordState>(&state)) {
      const auto found = store::find_record(*connection, *record->kind, record->id);
      if (found && !store::in_scope(*connection, site, *found->kind, found->scope)) return line;
    } else if (const auto* gone = std::get_if<sync::RecordGone>(&state)) {
      if (gone->kind->scope == ScopePath::nowhere) return line;
    } else if (const auto* conflict = std::get_if<store::Conflict>(&state)) {
      if (!store::in_scope(*connection, site, conflict->scope_customer)) return line;
      const auto other = conflict->other();
      const auto holder =
          other ? store::find_record(*connection, *conflict->kind, *other) : std::nullopt;
      if (holder && !store::in_scope(*connection, site, *holder->kind, holder->scope)) return line;
    }
  }
  return {};
}

Machine::Machine(std::size_t number_in, std::filesystem::path folder_in, const Image& image,
                 const UnixMillis& now, std::uint64_t seed, const store::DatabaseOptions& how)
    : number(number_in), folder(std::move(folder_in)), clock(now), random(seed), how_(how) {
  options.zstd_level = 1;
  options.digest_every_ms = 0;
  std::filesystem::create_directories(folder / "spool");
  std::filesystem::create_directories(folder / "anchor");
  if (!image.database.empty()) write_image(image, true);
  open();
}

store::DatabaseOptions Machine::quick() {
  store::DatabaseOptions options;
  options.threaded = false;
  options.durable = false;
  return options;
}

void Machine::write_image(const Image& image, bool with_anchor) const {
  write_file(folder / "skerry.db", image.database);
  if (with_anchor && !image.anchor.empty()) write_file(folder / "anchor/anchor", image.anchor);
}

Image Machine::image() {
  close();
  Image image{read_file(folder / "skerry.db"), read_file(folder / "anchor/anchor")};
  open();
  return image;
}

void Machine::put_back(const Image& image, bool with_anchor) {
  close();
  write_image(image, with_anchor);
  open();
}

std::string Machine::name() const {
  return is_central() ? "central" : fmt::format("site{}", number);
}

void Machine::open() {
  database = must(store::Database::open(folder, how_), "opening a database");
  log = std::make_unique<store::ChangeLog>(clock);
  read([&](store::Connection& connection) { log->load(connection); });
  database->set_participant(log.get());
  // As the daemon does.
  anchor_.emplace(must(store::AnchorFile::open(folder / "anchor"), "opening an anchor"));
  must(sync::recall(node(), *anchor_, print), "recalling");
  keeper_.emplace(*anchor_, site_id(number), read(store::first_epoch), print);
  keeper_->keep(log->own(), log->trust_seen());
  log->on_commit([this](std::int64_t) { keeper_->keep(log->own(), log->trust_seen()); });
}

void Machine::close() {
  database.reset();
  keeper_.reset();
  anchor_.reset();
}

void Machine::restart() {
  close();
  open();
}

sync::Node Machine::node() {
  return {*database, *log, keys_of(number), clock, random, folder / "spool", "simulation", options};
}

sync::ImportOutcome Machine::import(ByteView bytes, const std::string& file_name) {
  const sync::Spool spool = must(sync::Spool::open(folder / "spool"), "opening a spool");
  sync::SpoolWriter writer = must(spool.begin(), "spooling");
  must(writer.write(bytes), "spooling");
  return sync::import_bundle(node(), writer.seal(), file_name);
}

Hash Machine::digest() {
  return read([](store::Connection& connection) {
    std::vector<std::string> tables;
    {
      auto cursor = connection.query(
          "SELECT name FROM sqlite_schema WHERE type='table' AND name<>'inbox' AND "
          "name NOT LIKE '%\\_search%' ESCAPE '\\' ORDER BY name");
      while (cursor.next()) tables.emplace_back(cursor.text(0));
    }
    crypto::Sha256 hash;
    for (const std::string& table : tables) digest_table(connection, table, hash);
    return hash.finish();
  });
}

}  // namespace skerry::sim
