#include "tests/simulation/model.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <istream>
#include <map>
#include <set>
#include <string>

#include "core/json_text.hpp"
#include "crypto/sha256.hpp"
#include "store/sites.hpp"
#include "tests/simulation/machine.hpp"

namespace skerry::sim {
namespace {

const store::Author author{"uid:0", "api", "model"};

// The model's entities are contacts; its registers, fields of one text each.
const Kind& contact() { return *find_kind("contact"); }
std::string_view field_named(std::string_view name) {
  if (name == "phone") return "first_name";
  if (name == "note") return "last_name";
  if (name == "terms") return "title";
  throw Violation("model", fmt::format("there is no field {}", name));
}

std::string text(const json::object& event, const char* member) {
  const json::value& value = event.at(member);
  return value.is_string() ? std::string(value.get_string()) : std::string();
}

// Of "c0" as of the 16 digits that name an entity.
RecordId id_of(std::string_view name) {
  const Hash hash = crypto::sha256(as_bytes(name));
  RecordId id;
  std::copy_n(hash.begin(), id.bytes.size(), id.bytes.begin());
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x70);  // UUIDv7, as asked for
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

using Seen = std::map<RecordId, std::string>;

std::string describe(const json::value& first, const json::value& last, const json::value& title) {
  return fmt::format("phone {} note {} terms {}", to_json_text(first), to_json_text(last),
                     to_json_text(title));
}

class Repetition {
 public:
  explicit Repetition(const json::object& begin) : folder_(scratch_folder()) {
    add_machine("central");
    // Ties are broken by the id of a site: in the order of the model's names.
    std::map<SiteId, std::size_t> numbers;
    for (std::size_t number = 1; number <= sites_max; ++number) numbers[site_id(number)] = number;
    auto next = numbers.begin();
    std::map<std::string, const json::object*> sites;
    for (const auto& [name, site] : begin.at("sites").as_object())
      sites[std::string(name)] = &site.as_object();
    for (const auto& [name, site] : sites) {
      Machine& machine = add_machine(name, (next++)->second);
      machine.clock.skew_ms = site->at("skew_ms").as_int64();
    }
    for (const json::value& customer : begin.at("customers").as_array())
      create("central", *find_kind("customer"), std::string(customer.as_string()),
             {{"name", customer}});
    for (const auto& [name, site] : sites) {
      see_only(name, site->at("scope").as_array());
      // The model's sites know their customers from the start.
      Bundle first;
      pack_for(*machines_.at(name), first);
      deliver(first);
    }
  }
  ~Repetition() {
    machines_.clear();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Repetition(const Repetition&) = delete;
  Repetition& operator=(const Repetition&) = delete;

  void repeat(const json::object& event) {
    now_ = event.at("t").as_int64();
    const std::string what = text(event, "do");
    if (what == "export") return export_up(event);
    if (what == "pack") return pack_for(*machines_.at(text(event, "to")), numbered(event));
    if (what == "deliver") return deliver(numbered(event));
    if (what == "expect") return compare(event);
    const std::string entity = text(event, "id");
    if (what == "new") {
      create(text(event, "at"), contact(), entity,
             {{"customer", to_string(id_of(text(event, "customer")))},
              {"email", entity + "@example.org"},
              {field_named(text(event, "field")), event.at("value")}});
    } else if (what == "set") {
      const json::object patch{{field_named(text(event, "field")), event.at("value")}};
      write(text(event, "at"), [&](store::RecordWriter& writer) {
        return writer.update(contact(), id_of(entity), patch, std::nullopt, author)
            .map([](const store::Record&) {});
      });
    } else if (what == "del") {
      write(text(event, "at"), [&](store::RecordWriter& writer) {
        return writer.remove(contact(), id_of(entity), std::nullopt, author);
      });
    } else {
      throw Violation("model", "an event this test does not know: " + what);
    }
  }

 private:
  struct Bundle {
    Machine* to = nullptr;
    std::vector<Bytes> pieces;
  };

  Machine& add_machine(const std::string& name, std::size_t number = 0) {
    auto machine =
        std::make_unique<Machine>(number, folder_ / name, template_of(number), now_, number + 1);
    return *machines_.emplace(name, std::move(machine)).first->second;
  }
  Machine& central() { return *machines_.at("central"); }

  template <class Work>
  void write(const std::string& at, Work work) {
    Machine& machine = *machines_.at(at);
    auto job = [&](store::Connection& connection) -> Result<void> {
      store::RecordWriter writer(connection, *machine.log, machine.role(), machine.random);
      return work(writer);
    };
    must(machine.database->write(job), "a write of the model");
  }

  void create(const std::string& at, const Kind& kind, const std::string& name,
              const json::object& body) {
    write(at, [&](store::RecordWriter& writer) -> Result<void> {
      SKERRY_TRY(FieldValues values, read_new(kind, body));
      return writer.create(kind, id_of(name), std::move(values), author)
          .map([](const store::Record&) {});
    });
  }

  void see_only(const std::string& name, const json::array& customers) {
    json::array scope;
    for (const json::value& customer : customers)
      scope.push_back(json::string(to_string(id_of(customer.as_string()))));
    must(set_scope(central(), machines_.at(name)->number, scope), "a scope of the model");
  }

  static sync::EmitBundle keep_in(Bundle& bundle) {
    return [&bundle](sync::PackedBundle&& packed) -> Result<void> {
      bundle.pieces.push_back(read_whole(packed.bundle.file.fd(), packed.bundle.size));
      return {};
    };
  }
  Bundle& numbered(const json::object& event) { return bundles_[event.at("bundle").as_int64()]; }

  void export_up(const json::object& event) {
    Machine& site = *machines_.at(text(event, "at"));
    numbered(event).to = &central();
    must(sync::pack_changes(site.node(), {}, keep_in(numbered(event))), "exporting");
  }

  void pack_for(Machine& site, Bundle& bundle) {
    bundle.to = &site;
    const auto known = central().read([&](store::Connection& connection) {
      return *store::find_site(connection, site_id(site.number));
    });
    must(sync::pack_state(central().node(), known, {.always = true, .resume = {}}, keep_in(bundle)),
         "packing");
  }

  static void deliver(const Bundle& bundle) {
    for (const Bytes& piece : bundle.pieces) {
      const sync::ImportOutcome outcome = bundle.to->import(piece, "model.skb");
      if (outcome.error) throw Violation("model", bundle.to->name() + ": " + outcome.detail);
    }
  }

  void compare(const json::object& event) {
    compare("central", event.at("central").as_object());
    for (const auto& [name, view] : event.at("sites").as_object())
      compare(std::string(name), view.as_object());
  }

  void compare(const std::string& name, const json::object& expected) {
    Seen here;
    machines_.at(name)->read([&](store::Connection& connection) {
      auto cursor =
          connection.query(fmt::format("SELECT {} FROM contact", store::select_columns(contact())));
      while (cursor.next()) {
        const store::Record record = store::read_record(cursor, contact());
        here[record.id] =
            describe(record.value("first_name"), record.value("last_name"), record.value("title"));
      }
    });
    for (const auto& [entity, fields] : expected) {
      const json::object& values = fields.as_object();
      const std::string there = describe(values.at("phone"), values.at("note"), values.at("terms"));
      const auto found = here.find(id_of(entity));
      if (found == here.end())
        throw Violation("model",
                        fmt::format("{} lacks {}: {}", name, std::string_view(entity), there));
      if (found->second != there)
        throw Violation("model", fmt::format("{} of {} is {}, the model has {}",
                                             std::string_view(entity), name, found->second, there));
      here.erase(found);
    }
    if (!here.empty())
      throw Violation("model", fmt::format("{} holds {} entities that the model does not have",
                                           name, here.size()));
  }

  UnixMillis now_ = 1'790'000'000'000;
  const std::filesystem::path folder_;
  std::map<std::string, std::unique_ptr<Machine>> machines_;
  std::map<std::int64_t, Bundle> bundles_;
};

}  // namespace

int run_model(std::istream& histories) {
  std::optional<Repetition> repetition;
  std::int64_t seed = -1;
  std::int64_t failed = 0;
  for (std::string line; std::getline(histories, line);) {
    const json::object event = json::parse(line).as_object();
    const std::string what = text(event, "do");
    if (what == "end") {
      fmt::print("{} histories of the model repeated, {} ended otherwise\n",
                 event.at("seeds").as_int64(), failed);
      return failed == 0 ? 0 : 1;
    }
    try {
      if (what == "begin") {
        seed = event.at("seed").as_int64();
        repetition.emplace(event);
      } else if (repetition) {
        repetition->repeat(event);
      }
    } catch (const std::exception& error) {
      fmt::print("history {} ends otherwise\n  {}\n", seed, error.what());
      repetition.reset();  // the rest of it says nothing
      ++failed;
    }
  }
  fmt::print("the histories break off after seed {}\n", seed);
  return 1;
}

}  // namespace skerry::sim
