// A whole machine without its process: database, log, keys and the server with every route of the
// API, in a temporary folder. Requests go over the Unix socket as an administrator, or over TCP
// with a token.
#pragma once

#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>

#include "api/context.hpp"
#include "api/gatekeeper.hpp"
#include "api/routes.hpp"
#include "api/server.hpp"
#include "crypto/secret.hpp"
#include "licensing/catalogue_allowances.hpp"
#include "tests/unit/api/raw_client.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::api {

// Stands still until a test moves it.
class TestClock final : public Clock {
 public:
  UnixMillis wall_ms() const override { return now + wrong_by; }
  std::int64_t monotonic_ms() const override { return now.load(); }
  std::atomic<UnixMillis> now{1'780'000'000'000};
  std::atomic<std::int64_t> wrong_by{0};  // somebody set the wall clock
};

class MachineTest : public testing::Test {
 protected:
  explicit MachineTest(Role role = Role::central, store::DatabaseOptions storage = {});
  ~MachineTest() override;

  // As an administrator. `headers`: whole lines.
  Answer send(std::string_view method, std::string_view target, std::string_view body = {},
              std::string_view headers = {});
  Answer get(std::string_view target, std::string_view headers = {}) {
    return send("GET", target, {}, headers);
  }
  Answer post(std::string_view target, std::string_view body, std::string_view headers = {}) {
    return send("POST", target, body, headers);
  }
  Answer patch(std::string_view target, std::string_view body, std::string_view if_match);
  // Over TCP, as nobody unless the headers say more.
  Answer send_over_tcp(std::string_view method, std::string_view target, std::string_view body = {},
                       std::string_view headers = {});
  // Over TCP, with "Authorization: Bearer <token>" unless it is empty.
  Answer send_with_token(std::string_view token, std::string_view method, std::string_view target,
                         std::string_view body = {});

  // Makes the record and gives its id; the test fails when it is refused.
  std::string make(std::string_view plural, std::string_view body);
  json::object read_json(const Answer& answer);

  template <class Work>
  void write(Work work) {
    const auto written = database->write(work);
    ASSERT_TRUE(written) << written.error().detail;
  }

  TemporaryFolder folder;
  TestClock clock;
  crypto::SystemRandom random;
  Notifier commits;
  store::ChangeLog log{clock};
  std::unique_ptr<store::Database> database;
  sync::Keys keys{crypto::SigningKey::generate(), crypto::AgeIdentity::generate(random)};
  std::unique_ptr<sync::Spool> spool;
  std::unique_ptr<sync::Outbox> outbox;
  sync::OnlineOptions online;
  std::unique_ptr<sync::Node> node;
  asio::thread_pool worker{1};
  asio::thread_pool importer{1};
  asio::thread_pool line{1};
  std::unique_ptr<Context> context;
  licensing::CatalogueAllowances catalogue;
  std::unique_ptr<licensing::SeatDesk> seats;
  std::unique_ptr<Gatekeeper> authenticator;
  std::unique_ptr<Server> server;
  std::uint16_t port = 0;
};

}  // namespace skerry::api
