// Fills the database of a daemon that does not run: customers with a location, contacts and notes,
// and assets, some of which have been moved there. Through the store, as the API writes them.
//   records_load FOLDER ASSETS
#include <fmt/format.h>

#include "bench/machines.hpp"

namespace skerry::bench {
namespace {

constexpr int assets_per_customer = 10;
constexpr int products = 100;
constexpr std::int64_t customers_a_job = 500;

class Loader {
 public:
  explicit Loader(const std::filesystem::path& folder) {
    store::DatabaseOptions options;
    options.durable = false;  // a benchmark's: nothing is lost with it
    database_ = must(store::Database::open(folder, options), "opening the database");
    database_->set_participant(&log_);
    log_.load(*database_->read());
  }

  void load(std::int64_t assets) {
    in_job([&](store::RecordWriter& writer) {
      for (int i = 0; i < products; ++i)
        products_.push_back(make(writer, "product",
                                 {{"sku", fmt::format("P-{:03}", i)},
                                  {"name", fmt::format("Scanner model {}", i)},
                                  {"type", "device"}}));
    });
    const std::int64_t customers = (assets + assets_per_customer - 1) / assets_per_customer;
    for (std::int64_t first = 0; first < customers; first += customers_a_job)
      in_job([&](store::RecordWriter& writer) {
        for (std::int64_t i = first; i < std::min(customers, first + customers_a_job); ++i)
          make_customer(writer, i);
      });
  }

 private:
  template <class Work>
  void in_job(Work work) {
    auto job = [&](store::Connection& connection) -> Result<void> {
      store::RecordWriter writer(connection, log_, Role::central, random_);
      work(writer);
      return {};
    };
    must(database_->write(job), "writing");
  }

  std::string make(store::RecordWriter& writer, std::string_view kind, json::object body) {
    FieldValues values = must(read_new(*find_kind(kind), body), "reading a record");
    return to_string(must(writer.create(*find_kind(kind), std::nullopt, std::move(values), author_),
                          "making a record")
                         .id);
  }

  // Numbers are spread, so that neighbours in an index are not neighbours in the table.
  static std::int64_t spread(std::int64_t number) { return number * 7'368'787 % 10'000'000; }

  void make_customer(store::RecordWriter& writer, std::int64_t number) {
    const std::string customer =
        make(writer, "customer",
             {{"name", fmt::format("Customer {:07} GmbH", spread(number))},
              {"account_ref", fmt::format("C-{:07}", number)},
              {"description", fmt::format("Serviced by team {} since 2019", number % 17)}});
    const std::string location = make(
        writer, "location", {{"customer", customer}, {"name", fmt::format("Plant {}", number)}});
    make(writer, "contact",
         {{"customer", customer}, {"email", fmt::format("c{}@plant.example", number)}});
    if (number % 4 == 0)
      make(writer, "note", {{"subject", customer}, {"text", "Asked about the delivery"}});
    for (int i = 0; i < assets_per_customer; ++i) {
      const std::int64_t asset_number = number * assets_per_customer + i;
      const std::string asset =
          make(writer, "asset",
               {{"product", products_[static_cast<std::size_t>(asset_number % products)]},
                {"serial", fmt::format("SN-{:07}", spread(asset_number))},
                {"owner", customer},
                {"status", asset_number % 50 == 0 ? "in_repair" : "operational"}});
      if (i < 2)
        make(writer, "move",
             {{"asset", asset}, {"to_location", location}, {"arrived_at", "2026-01-02T03:04:05Z"}});
    }
  }

  SystemClock clock_;
  crypto::SystemRandom random_;
  store::ChangeLog log_{clock_};
  std::unique_ptr<store::Database> database_;
  store::Author author_ = bench_author();
  std::vector<std::string> products_;
};

}  // namespace
}  // namespace skerry::bench

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: records_load FOLDER ASSETS\n");
    return 64;
  }
  skerry::bench::Loader(arguments[1]).load(std::atoll(arguments[2]));
  return 0;
}
