// A desk over a real database, with a catalogue that is a list and clocks that a test moves.
#pragma once

#include <gmock/gmock.h>
#include <memory>

#include "licensing/seat_desk.hpp"
#include "tests/unit/licensing/seats.hpp"
#include "tests/unit/licensing/two_clocks.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::licensing {

class ListedAllowances final : public AllowanceSource {
 public:
  std::vector<Allowance> by_code(store::Connection&, const Hash& digest, UnixMillis) override {
    ++reads;
    std::vector<Allowance> opened;
    for (const Allowance& each : all)
      if (std::count(each.code_digests.begin(), each.code_digests.end(), digest))
        opened.push_back(each);
    return opened;
  }
  std::vector<Allowance> by_customers(store::Connection&, std::span<const RecordId> customers,
                                      UnixMillis) override {
    ++reads;
    std::vector<Allowance> opened;
    for (const Allowance& each : all)
      if (std::count(customers.begin(), customers.end(), each.customer)) opened.push_back(each);
    return opened;
  }
  std::optional<Allowance> by_id(store::Connection&, const RecordId& id, UnixMillis) override {
    ++reads;
    for (const Allowance& each : all)
      if (each.entitlement == id) return each;
    return std::nullopt;
  }

  std::vector<Allowance> all;
  int reads = 0;
};

class DeskTest : public store::MachineStoreTest {
 protected:
  DeskTest() {
    source.all.push_back(allowance_of(2));
    open();
  }
  // As after a start of the daemon.
  void open() {
    desk = std::make_unique<SeatDesk>(*database, clocks, run_clock(), random, source, key,
                                      [this] { return version; });
  }
  std::shared_ptr<const store::RunClock> run_clock() {
    return std::make_shared<const store::RunClock>(*database, clocks);
  }
  // One job that commits, whatever is decided.
  template <class Work>
  auto job(Work work) {
    using Decided = std::invoke_result_t<Work&, store::Connection&>;
    return run([&](store::Connection& connection) -> Result<Decided> { return work(connection); })
        .value();
  }
  // With an Idempotency-Key.
  Decision<SeatState> claim_once(std::string_view machine, std::string_view call_key) {
    Claim wanted;
    wanted.machine = machine;
    wanted.key = call_key;
    wanted.request = call_hash(call_key, code_of(machine));
    return job([&](store::Connection& connection) {
      return desk->claim(connection, {code_of("CODE"), "PRESS", {}}, wanted);
    });
  }
  void set_policy(const SeatPolicy& policy) {
    write([&](store::Connection& connection) -> Result<void> {
      desk->set_policy(connection, id_of(entitlement_number), policy);
      return {};
    });
  }
  // The call `key`, which a retry sends again.
  Decision<SeatState> claim(std::string_view machine, std::string_view call = "1",
                            std::string_view code = "CODE") {
    Claim wanted;
    wanted.machine = machine;
    wanted.request = code_of(std::string(machine).append(call));
    return job([&](store::Connection& connection) {
      return desk->claim(connection, {code_of(code), "PRESS", {}}, wanted);
    });
  }
  // What its holder knows of a seat.
  struct Holder {
    RecordId id;
    std::string secret;
    std::string nonce;
  };
  Holder holder(const SeatState& state) {
    return {state.seat.id, desk->proof().secret(state.seat.id, state.seat.generation),
            desk->proof().nonce(state.seat.id, state.seat.turn)};
  }
  static Caller caller(const Holder& holder, std::string_view call) {
    return {holder.secret, holder.nonce, code_of(call), false};
  }
  // The holder hears the answer: its next call has the next nonce.
  Decision<SeatState> refresh(Holder& holder, std::string_view call) {
    auto state = desk->refresh(holder.id, caller(holder, call));
    if (state) holder.nonce = desk->proof().nonce(holder.id, state->seat.turn);
    return state;
  }
  Decision<void> release(const Holder& holder, std::string_view call = "release") {
    return job([&](store::Connection& connection) {
      return desk->release(connection, holder.id, caller(holder, call));
    });
  }
  Decision<SeatState> feature(const Holder& holder, SeatDesk::FeatureCall what,
                              std::string_view name, std::int64_t amount, std::string_view call) {
    return job([&](store::Connection& connection) {
      return desk->feature(connection, holder.id, caller(holder, call), what, name, amount);
    });
  }
  void upkeep() {
    write([&](store::Connection& connection) -> Result<void> {
      desk->upkeep(connection);
      return {};
    });
  }
  template <class T>
  static Why refused(const Decision<T>& decision) {
    EXPECT_FALSE(decision.has_value());
    return decision ? Why::bad_request : decision.error().code;
  }
  PoolState pool() { return *desk->pool(id_of(entitlement_number)); }

  TwoClocks clocks;
  ListedAllowances source;
  std::int64_t version = 1;
  crypto::SigningKey key = crypto::SigningKey::generate();
  std::unique_ptr<SeatDesk> desk;
};

}  // namespace skerry::licensing
