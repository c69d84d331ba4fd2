#include "tests/simulation/seat_world.hpp"

#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "crypto/sha256.hpp"
#include "licensing/activation_codes.hpp"
#include "licensing/entitlements.hpp"

namespace skerry::sim {
namespace {

using licensing::Denial;
using licensing::SeatState;
using licensing::Why;
using store::Connection;

constexpr std::int64_t lease_seconds = 600;
const store::Author author{"uid:0", "api", "sim"};

RecordId create(Machine& central, std::string_view kind_name, const json::object& body) {
  const Kind& kind = *find_kind(kind_name);
  return must(central.write([&](Connection& connection) -> Result<store::Record> {
           SKERRY_TRY(FieldValues values, read_new(kind, body));
           store::RecordWriter writer(connection, *central.log, Role::central, central.random);
           return writer.create(kind, std::nullopt, std::move(values), author);
         }),
              "making a record")
      .id;
}

}  // namespace

SeatWorld::SeatWorld(std::uint64_t seed, bool aloud)
    : rng_(seed ^ 0x7ea75ea75U),
      journal_(now_, aloud),
      folder_(scratch_folder()),
      disasters_(rng_.percent(40)) {
  for (std::size_t number = 0; number <= 1; ++number) {
    places_.push_back(std::make_unique<Place>());
    places_.back()->machine = std::make_unique<Machine>(number, folder_ / std::to_string(number),
                                                        template_of(number), now_, rng_.next());
  }
  furnish();
  for (const auto& place : places_) open(*place);
  for (std::size_t i = 0; i < 5; ++i) {
    Application application;
    application.place = places_[i == 0 ? 0 : 1].get();
    application.machine = fmt::format("m{}", i);
    applications_.push_back(std::move(application));
  }
}

SeatWorld::~SeatWorld() {
  places_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

// Something that is sold, with a code; a part of it for the site.
void SeatWorld::furnish() {
  Machine& central = *places_[0]->machine;
  must(set_scope(central, 1, "all"), "widening a scope");
  sold_ = rng_.between(2, 5);
  const auto text = [](const RecordId& id) { return to_string(id); };
  const RecordId product = create(central, "product",
                                  {{"sku", "PRESS"},
                                   {"name", "Press"},
                                   {"type", "software"},
                                   {"lease_seconds", lease_seconds}});
  const RecordId edition =
      create(central, "edition", {{"product", text(product)}, {"name", "Standard"}});
  const RecordId plan = create(central, "plan", {{"name", "Good"}, {"license", "perpetual"}});
  const RecordId offering = create(central, "offering",
                                   {{"sku", "P"},
                                    {"edition", text(edition)},
                                    {"plan", text(plan)},
                                    {"seats", sold_},
                                    {"concurrency", "concurrent"}});
  const RecordId customer = create(central, "customer", {{"name", "Harbour"}});
  const RecordId order = create(central, "sales_order", {{"customer", text(customer)}});
  entitlement_ = create(
      central, "entitlement",
      {{"customer", text(customer)}, {"offering", text(offering)}, {"sales_order", text(order)}});
  must(central.write([&](Connection& connection) {
    store::RecordWriter writer(connection, *central.log, Role::central, central.random);
    const licensing::Acting acting{connection, writer, author, central.random, now_};
    return licensing::add_codes(acting, order, {"SIMULATED-CODE"}, 0);
  }),
       "adding a code");
  code_ = licensing::digest_of(*licensing::canonical_code("SIMULATED-CODE"));
  allocation_ = create(central, "allocation",
                       {{"entitlement", text(entitlement_)},
                        {"site", text(RecordId{site_id(1).bytes})},
                        {"seats", rng_.between(1, sold_)},
                        {"until", format_timestamp(now_ + 400LL * 86'400'000)}});
}

// As the daemon does when it starts.
void SeatWorld::open(Place& place) {
  Machine& machine = *place.machine;
  place.desk.reset();
  place.facts = std::make_unique<licensing::UsageFacts>(*machine.log, machine.random,
                                                        licensing::Redaction::none);
  place.desk = std::make_unique<licensing::SeatDesk>(
      *machine.database, machine.clock,
      std::make_shared<const store::RunClock>(*machine.database, machine.clock), machine.random,
      place.catalogue, keys_of(machine.number).sign,
      [log = machine.log.get()] { return log->last_n(); });
  place.desk->tell(*place.facts);
}

void SeatWorld::run() {
  const std::size_t steps = 20 + rng_.below(60);
  for (std::size_t i = 0; i < steps; ++i) {
    step();
    check();
  }
  for (int round = 0; round < 4; ++round) {
    now_ += 1000;
    for (std::size_t number = 1; number < places_.size(); ++number) {
      carry_up(*places_[number], true);
      carry_down(*places_[number], true);
    }
  }
  check();
  check_end();
}

void SeatWorld::step() {
  now_ += rng_.percent(20) ? rng_.between(60, 900) * 1000 : rng_.between(1, 30) * 1000;
  Place& place = *places_[rng_.below(places_.size())];
  const std::size_t dice = rng_.below(100);
  if (dice < 58) return act(applications_[rng_.below(applications_.size())]);
  if (dice < 66) return upkeep(place);
  if (dice < 74) return carry_up(*places_[1 + rng_.below(places_.size() - 1)], false);
  if (dice < 82) return carry_down(*places_[1 + rng_.below(places_.size() - 1)], false);
  if (dice < 87) return change_allocation();
  if (dice < 91) {
    place.machine->clock.skew_ms = rng_.between(-1'000'000, 1'000'000) * 1000;
    return journal_.say([&] { return place.machine->name() + " has another wall clock"; });
  }
  if (dice < 96) {
    journal_.say([&] { return place.machine->name() + " crashes"; });
    place.desk.reset();
    place.machine->restart();
    return open(place);
  }
  if (disasters_) disaster(place);
}

void SeatWorld::act(Application& application) {
  if (!holds(application)) return claim(application);
  if (rng_.percent(75)) return refresh(application);
  release(application);
}

void SeatWorld::learn(Application& application, const SeatState& state) {
  const licensing::SeatProof& proof = application.place->desk->proof();
  application.id = state.seat.id;
  application.secret = proof.secret(state.seat.id, state.seat.generation);
  application.nonce = proof.nonce(state.seat.id, state.seat.turn);
  application.live_until = now_ + state.seat.until - state.now;
  application.has_seat = true;
}

licensing::Caller SeatWorld::caller(const Application& application, const Hash& call) const {
  return {application.secret, application.nonce, call, false};
}

void SeatWorld::claim(Application& application) {
  Place& place = *application.place;
  licensing::Claim wanted;
  wanted.machine = application.machine;
  wanted.request =
      crypto::sha256(as_bytes(fmt::format("{} {}", application.machine, ++application.calls)));
  const auto once = [&] {
    return must(
        place.machine->write([&](Connection& connection) -> Result<licensing::Decision<SeatState>> {
          return place.desk->claim(connection, {code_, "PRESS", {}}, wanted);
        }),
        "claiming");
  };
  auto state = once();
  journal_.say([&] {
    return fmt::format("{} claims at {}: {}", application.machine, place.machine->name(),
                       state ? to_string(state->seat.id) : state.error().why);
  });
  application.has_seat = false;
  if (!state) return;
  if (state->is_new && place.machine->log->is_copy()) throw Violation("H3", "a copy gave a seat");
  if (state->is_new) given_.insert(state->seat.id);
  if (rng_.percent(25)) {  // the reply is lost, and the call sent again
    const RecordId id = state->seat.id;
    state = once();
    if (!state || state->seat.id != id || !state->repeated)
      throw Violation("lost reply", "the same claim again was not answered the same");
  }
  if (rng_.percent(95)) learn(application, *state);
}

void SeatWorld::refresh(Application& application) {
  Place& place = *application.place;
  const Hash call =
      crypto::sha256(as_bytes(fmt::format("{} {}", application.machine, ++application.calls)));
  auto state = place.desk->refresh(application.id, caller(application, call));
  journal_.say([&] {
    return fmt::format("{} refreshes at {}: {}", application.machine, place.machine->name(),
                       state ? "done" : state.error().why);
  });
  if (!state) return refused(application, state.error(), "a refresh");
  if (rng_.percent(25)) {
    state = place.desk->refresh(application.id, caller(application, call));
    if (!state || !state->repeated)
      throw Violation("lost reply", "the same refresh again was not answered the same");
  }
  learn(application, *state);
}

void SeatWorld::release(Application& application) {
  Place& place = *application.place;
  const Hash call =
      crypto::sha256(as_bytes(fmt::format("{} {}", application.machine, ++application.calls)));
  const auto done =
      must(place.machine->write([&](Connection& connection) -> Result<licensing::Decision<void>> {
        auto decided = place.desk->release(connection, application.id, caller(application, call));
        SKERRY_TRY_VOID(place.desk->confirm_freed(connection));
        return decided;
      }),
           "releasing");
  journal_.say([&] { return fmt::format("{} releases its seat", application.machine); });
  if (!done) return refused(application, done.error(), "a release");
  application.has_seat = false;
}

// A lease that was told is honoured, unless seats were taken away, or the machine forgot it.
void SeatWorld::refused(Application& application, const Denial& denial, const char* call) {
  application.has_seat = false;
  if (application.place->torn || denial.code == Why::seats_exhausted) return;
  throw Violation("no acknowledged seat lost",
                  fmt::format("{} of {} is refused: {}", call, application.machine, denial.why));
}

void SeatWorld::upkeep(Place& place) {
  must(place.machine->write([&](Connection& connection) -> Result<void> {
    place.desk->upkeep(connection);
    SKERRY_TRY_VOID(place.desk->confirm_freed(connection));
    return place.desk->write_facts(connection, false).map([](const auto&) {});
  }),
       "upkeep");
}

void SeatWorld::change_allocation() {
  Machine& central = *places_[0]->machine;
  const std::int64_t seats = rng_.between(0, sold_);
  const auto changed = central.write([&](Connection& connection) {
    store::RecordWriter writer(connection, *central.log, Role::central, central.random);
    return writer.update(*find_kind("allocation"), allocation_, {{"seats", seats}}, std::nullopt,
                         author);
  });
  journal_.say([&] {
    return fmt::format("central allocates {}: {}", seats,
                       changed ? "done" : changed.error().detail);
  });
}

// The site is put back or cloned; central forgets nothing here: world.cpp is about that.
void SeatWorld::disaster(Place& place) {
  if (place.machine->is_central()) return;
  const std::size_t dice = rng_.below(3);
  if (dice == 0 || !place.backup) {
    place.desk.reset();
    place.backup = place.machine->image();
    return open(place);
  }
  any_torn_ = true;
  if (dice == 1) {
    journal_.say([&] { return place.machine->name() + " is put back"; });
    place.torn = true;
    place.desk.reset();
    place.machine->put_back(*place.backup, rng_.percent(50));
    return open(place);
  }
  if (places_.size() > 2) return;
  journal_.say([&] { return place.machine->name() + " is cloned"; });
  place.torn = true;
  auto twin = std::make_unique<Place>();
  twin->torn = true;
  Image image = *place.backup;
  image.anchor.clear();
  twin->machine = std::make_unique<Machine>(1, folder_ / "clone", image, now_, rng_.next());
  open(*twin);
  Application application;
  application.place = twin.get();
  application.machine = "m9";
  places_.push_back(std::move(twin));
  applications_.push_back(std::move(application));
}

void SeatWorld::carry_up(Place& place, bool surely) {
  must(place.machine->write([&](Connection& connection) -> Result<void> {
    place.desk->upkeep(connection);
    return place.desk->write_facts(connection, true).map([](const auto&) {});
  }),
       "closing the hour");
  must(sync::pack_changes(place.machine->node(), {},
                          [&](sync::PackedBundle&& packed) -> Result<void> {
                            if (surely || rng_.percent(70))
                              places_[0]->machine->import(
                                  read_whole(packed.bundle.file.fd(), packed.bundle.size),
                                  packed.name);
                            return {};
                          }),
       "packing");
}

void SeatWorld::carry_down(Place& place, bool surely) {
  Machine& central = *places_[0]->machine;
  const auto site = central.read(
      [](Connection& connection) { return *store::find_site(connection, site_id(1)); });
  must(sync::pack_state(central.node(), site, {.always = true, .resume = {}},
                        [&](sync::PackedBundle&& packed) -> Result<void> {
                          if (surely || rng_.percent(70))
                            place.machine->import(
                                read_whole(packed.bundle.file.fd(), packed.bundle.size),
                                packed.name);
                          return {};
                        }),
       "packing");
}

}  // namespace skerry::sim
