// A real server on a port of the system's choice, with a small table of routes that shows each
// thing the server can do.
#pragma once

#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "api/server.hpp"
#include "tests/unit/api/raw_client.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::api {

// What the handlers of the test work on.
struct TestContext {
  Notifier notifier;
  std::atomic<int> calls{0};
  std::atomic<int> waiting{0};  // handlers inside a wait
  std::mutex mutex;
  std::vector<std::thread> workers;                 // guarded by mutex
  std::vector<Completion<std::string>> unanswered;  // guarded by mutex; of /slow
};

// The token "good" may read and write, "reader" may read, "root" may do everything. Sessions are
// found as tokens are.
class TestTokens final : public Authenticator {
 public:
  Result<std::shared_ptr<const Principal>> authenticate(std::string_view token,
                                                        std::string_view) override;
  Result<std::shared_ptr<const Principal>> find_session(std::string_view secret, Use) override {
    return authenticate(secret, {});
  }
  void refused(const Request&, const Error& error) override {
    const std::scoped_lock lock(mutex);
    refusals.push_back(error.code);
  }

  std::atomic<bool> revoked{false};  // whatever was let in before
  std::mutex mutex;
  std::vector<Errc> refusals;  // guarded by mutex
};

class ServerTest : public testing::Test {
 protected:
  ServerTest();
  ~ServerTest() override;

  // Short times, so that tests of time limits are quick; change them before start().
  ServerOptions options;
  void start();

  RawClient client() const { return RawClient::tcp(port); }
  // On a fresh connection.
  Answer ask(std::string_view request) const { return client().ask(request); }
  Answer get(std::string_view target, std::string_view headers = {}) const;
  // Until `condition` holds: a state that another thread is about to reach.
  template <class Condition>
  static void await(Condition condition) {
    while (!condition()) std::this_thread::yield();
  }

  TestContext context;
  TestTokens tokens;
  TemporaryFolder temporary;
  const std::filesystem::path folder = temporary.path();
  std::filesystem::path socket_path;
  std::uint16_t port = 0;
  std::unique_ptr<Server> server;
};

}  // namespace skerry::api
