#include "tests/unit/api/machine_fixture.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "core/check.hpp"

namespace skerry::api {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().detail);
  return std::move(*result);
}

std::string request_text(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view headers) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n{}", method, target, headers);
  const bool typed = headers.find("Content-Type:") != std::string_view::npos;
  if (!body.empty() && !typed) text += "Content-Type: application/json\r\n";
  if (!body.empty() || method == "POST") text += fmt::format("Content-Length: {}\r\n", body.size());
  return text + "\r\n" + std::string(body);
}

}  // namespace

MachineTest::MachineTest(Role role, store::DatabaseOptions storage) {
  database = must(store::Database::open(folder / "data", storage));
  database->set_participant(&log);
  log.on_commit([this](std::int64_t) { commits.notify_all(); });
  write([&](store::Connection& connection) -> Result<void> {
    store::write_identity(connection, {role, SiteId{}, "test"});
    const bool central = role == Role::central;
    log.start_own(connection, {new_id<EpochId>(random), central ? clock.wall_ms() / 1000 : 0});
    return {};
  });
  spool = std::make_unique<sync::Spool>(must(sync::Spool::open(folder / "spool")));
  outbox = std::make_unique<sync::Outbox>(must(sync::Outbox::open(folder / "outbox")));
  node.reset(new sync::Node{*database, log, keys, clock, random, folder / "spool", "test", {}});
  context.reset(new Context{*node, role, CursorCodec({}), commits, worker, importer, line, *spool,
                            *outbox, online, folder / "data", clock.wall_ms()});
  seats =
      std::make_unique<licensing::SeatDesk>(*database, clock, context->run_clock, random, catalogue,
                                            keys.sign, [this] { return log.last_n(); });
  context->seats = seats.get();
  authenticator = std::make_unique<Gatekeeper>(*context);
  ServerOptions options;
  options.spool_folder = folder / "spool";
  options.trusted_uids = {::getuid()};
  server = std::make_unique<Server>(Router(all_routes(), *context), authenticator.get(), options);
  port = must(server->listen_tcp("127.0.0.1", 0));
  const auto listening = server->listen_unix(folder / "socket");
  SKERRY_CHECK(listening.has_value());
  server->start();
}

MachineTest::~MachineTest() {
  server.reset();
  line.join();
  worker.join();
  importer.join();
  database->stop();
}

Answer MachineTest::send(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view headers) {
  RawClient client = RawClient::unix_socket(folder / "socket");
  return client.ask(request_text(method, target, body, headers), method == "HEAD");
}

Answer MachineTest::patch(std::string_view target, std::string_view body,
                          std::string_view if_match) {
  return send("PATCH", target, body, fmt::format("If-Match: {}\r\n", if_match));
}

Answer MachineTest::send_with_token(std::string_view token, std::string_view method,
                                    std::string_view target, std::string_view body) {
  return send_over_tcp(method, target, body,
                       token.empty() ? "" : fmt::format("Authorization: Bearer {}\r\n", token));
}

Answer MachineTest::send_over_tcp(std::string_view method, std::string_view target,
                                  std::string_view body, std::string_view headers) {
  RawClient client = RawClient::tcp(port);
  return client.ask(request_text(method, target, body, headers));
}

std::string MachineTest::make(std::string_view plural, std::string_view body) {
  const Answer answer = post(fmt::format("/v1/{}", plural), body);
  EXPECT_EQ(answer.status, 201u) << answer.body;
  return std::string(read_json(answer)["id"].as_string());
}

json::object MachineTest::read_json(const Answer& answer) {
  return json::parse(answer.body).as_object();
}

}  // namespace skerry::api
