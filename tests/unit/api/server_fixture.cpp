#include "tests/unit/api/server_fixture.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdexcept>
#include <sys/stat.h>

#include "store/sqlite/connection.hpp"

namespace skerry::api {
namespace {

Response hello(TestContext& context, Request& request) {
  ++context.calls;
  return Response::json(200, fmt::format(R"({{"hello":"{}"}})", request.param("name")));
}

Response who(TestContext&, Request& request) {
  json::object body;
  body["id"] = request.principal->id;
  body["name"] = request.principal->name;
  body["uid"] = request.principal->uid;
  body["pid"] = request.principal->pid;
  return Response::json(200, json::value(std::move(body)));
}

Result<Response> search(TestContext&, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"q", "tag"}));
  json::array tags;
  for (const QueryParameter& parameter : request.queries())
    if (parameter.name == "tag") tags.push_back(json::value(parameter.value));
  json::object body;
  body["q"] = request.query("q").value_or("none");
  body["tags"] = std::move(tags);
  return Response::json(200, json::value(std::move(body)));
}

Result<Response> create(TestContext& context, Request& request) {
  ++context.calls;
  SKERRY_TRY(json::object body, request.json_body());
  if (body.contains("name")) {
    Response response = Response::json(201, json::value(std::move(body)));
    response.header("ETag", "\"1\"");
    return response;
  }
  Error error(Errc::validation_failed, "1 field is wrong", "see /docs");
  error.errors.push_back({"/name", "required", "the name is missing"});
  return fail(std::move(error));
}

Response echo(TestContext&, Request& request) {
  return Response::text(200, std::move(request.body));
}

Result<Response> upload(TestContext&, Request& request) {
  struct stat status {};
  if (!request.upload.file) return Response::text(200, "nothing");
  if (::fstat(request.upload.file.get(), &status) != 0) return fail(Errc::io_failed, "fstat");
  std::string text(std::min<std::uint64_t>(request.upload.size, 16), '\0');
  if (::read(request.upload.file.get(), text.data(), text.size()) < 0)
    return fail(Errc::io_failed, "read");
  return Response::text(200, fmt::format("{} {} {:o} {} {}", request.upload.size, status.st_size,
                                         status.st_mode & 0777u, status.st_nlink, text));
}

Response download(TestContext&, Request&) {
  const int number = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  struct stat status {};
  ::fstat(number, &status);
  return Response::file(Descriptor(number), static_cast<std::uint64_t>(status.st_size),
                        "application/octet-stream");
}

Response large(TestContext&, Request&) { return Response::text(200, std::string(8'000'000, 'x')); }

// Answers from another thread, as the writer of the database does.
Task<Result<Response>> later(TestContext& context, Request& request) {
  Completion<Result<std::string>> done;
  {
    const std::scoped_lock lock(context.mutex);
    context.workers.emplace_back([done]() mutable { done.complete(std::string("from afar")); });
  }
  Result<std::string> outcome = co_await done.wait();
  SKERRY_CO_TRY(std::string text, std::move(outcome));
  co_return Response::text(200, text + " for " + request.id);
}

// Waits until the test completes it.
Task<Response> slow(TestContext& context, Request&) {
  Completion<std::string> done;
  {
    const std::scoped_lock lock(context.mutex);
    context.unanswered.push_back(done);
  }
  ++context.waiting;
  std::string text = co_await done.wait();
  co_return Response::text(200, std::move(text));
}

Task<Response> poll(TestContext& context, Request& request) {
  const std::uint64_t seen = context.notifier.generation();
  const auto timeout = std::chrono::milliseconds(request.query("quick") ? 1 : 600'000);
  ++context.waiting;
  const Woken why = co_await context.notifier.wait(request.interrupt, seen, timeout);
  --context.waiting;
  std::string text = "notified";
  if (why == Woken::timed_out) text = "timed out";
  if (why == Woken::interrupted) text = "interrupted";
  co_return Response::text(200, std::move(text));
}

class Ticks final : public EventStream {
 public:
  Ticks(TestContext& context, Request& request) : context_(context), request_(request) {
    ++context_.waiting;
  }
  ~Ticks() override { --context_.waiting; }

  Task<std::optional<std::string>> next(std::chrono::milliseconds timeout) override {
    std::optional<std::string> text;
    const std::uint64_t generation = context_.notifier.generation();
    if (generation == seen_) {
      const Woken why = co_await context_.notifier.wait(request_.interrupt, seen_, timeout);
      if (why == Woken::interrupted) co_return text;
      if (why == Woken::timed_out) {
        text.emplace();
        co_return text;
      }
    }
    if (!request_.still_allowed()) co_return text;
    seen_ = context_.notifier.generation();
    if (request_.query("fail")) throw std::runtime_error("the stream broke");
    text = to_event(std::to_string(seen_), "tick", "one\ntwo");
    co_return text;
  }

 private:
  TestContext& context_;
  Request& request_;
  std::uint64_t seen_ = 0;
};

Response events(TestContext& context, Request& request) {
  return Response::events(std::make_unique<Ticks>(context, request));
}

// "one", nothing, "two", and then the end or a failure.
class Pieces final : public BodyStream {
 public:
  explicit Pieces(bool fails) : fails_(fails) {}

  Task<std::optional<std::string>> next() override {
    std::optional<std::string> piece;
    const int number = next_++;
    if (number == 0) piece = "one";
    if (number == 1) piece = "";
    if (number == 2) piece = "two";
    if (number == 3 && fails_) throw std::runtime_error("the export broke");
    co_return piece;
  }

 private:
  bool fails_;
  int next_ = 0;
};

Response pieces(TestContext&, Request& request) {
  return Response::stream(std::make_unique<Pieces>(request.query("fail").has_value()),
                          "text/plain");
}

Response broken(TestContext&, Request&) { throw std::runtime_error("the secret inside"); }
Response disk_full(TestContext&, Request&) {
  throw store::StorageError(Errc::storage_full, "database or disk is full");
}
Response damaged(TestContext&, Request&) {
  throw store::StorageError(Errc::database_damaged, "skerry.db is damaged");
}
Task<Result<Response>> broken_later(TestContext&, Request&) {
  throw store::StorageError(Errc::io_failed, "disk I/O error");
  co_return fail(Errc::internal);
}

constexpr Route table[] = {
    {Method::get, "/hello/{name}", Access::open, Body::none, handler<hello>, "hello", "Greets"},
    {Method::get, "/who", Access::any, Body::none, handler<who>, "who", "Who asks"},
    {Method::get, "/read", Access::read, Body::none, handler<who>, "read", "Needs read"},
    {Method::get, "/admin", Access::admin, Body::none, handler<who>, "admin", "Needs admin"},
    {Method::get, "/search", Access::open, Body::none, handler<search>, "search", "Finds"},
    {Method::get, "/tags", Access::open, Body::none, handler<search>, "tags", "Finds", true},
    {Method::post, "/things", Access::open, Body::json, handler<create>, "create", "Makes"},
    {Method::get, "/things", Access::open, Body::none, handler<search>, "list", "Lists"},
    {Method::post, "/private", Access::write, Body::json, handler<create>, "private", "Makes"},
    {Method::post, "/echo", Access::open, Body::text, handler<echo>, "echo", "Echoes"},
    {Method::post, "/upload", Access::open, Body::spool, handler<upload>, "upload", "Takes"},
    {Method::get, "/download", Access::open, Body::none, handler<download>, "download", "Gives"},
    {Method::get, "/large", Access::open, Body::none, handler<large>, "large", "Gives"},
    {Method::get, "/later", Access::open, Body::none, handler<later>, "later", "Waits"},
    {Method::get, "/slow", Access::open, Body::none, handler<slow>, "slow", "Waits"},
    {Method::get, "/poll", Access::open, Body::none, handler<poll>, "poll", "Waits"},
    {Method::get, "/events", Access::open, Body::none, handler<events>, "events", "Streams"},
    {Method::get, "/pieces", Access::open, Body::none, handler<pieces>, "pieces", "Streams"},
    {Method::get, "/broken", Access::open, Body::none, handler<broken>, "broken", "Throws"},
    {Method::get, "/full", Access::open, Body::none, handler<disk_full>, "full", "Throws"},
    {Method::get, "/damaged", Access::open, Body::none, handler<damaged>, "damaged", "Throws"},
    {Method::get, "/broken-later", Access::open, Body::none, handler<broken_later>, "brokenLater",
     "Throws"},
};

}  // namespace

Result<std::shared_ptr<const Principal>> TestTokens::authenticate(std::string_view token,
                                                                  std::string_view) {
  auto principal = std::make_shared<Principal>();
  principal->kind = Principal::Kind::token;
  principal->id = token;
  principal->name = "a test";
  if (revoked) return fail(Errc::unauthorized, "the token was revoked");
  if (token == "good" || token == "reader")
    principal->grant(Access::read);
  else if (token != "root")
    return fail(Errc::unauthorized, "the token is not known");
  if (token == "good") principal->grant(Access::write);
  if (token == "root") principal->grant(Access::admin);
  return std::shared_ptr<const Principal>(std::move(principal));
}

ServerTest::ServerTest() {
  socket_path = folder / "s";
  options.spool_folder = folder;
  options.boot_id = 0xabcd1234;
  options.limits.sweep_every = std::chrono::milliseconds(5);
}

ServerTest::~ServerTest() {
  {
    const std::scoped_lock lock(context.mutex);
    for (Completion<std::string>& done : context.unanswered) done.complete("at the end");
  }
  server.reset();
  for (std::thread& worker : context.workers) worker.join();
}

void ServerTest::start() {
  server = std::make_unique<Server>(Router(table, context), &tokens, options);
  const Result<std::uint16_t> bound = server->listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(bound) << bound.error().detail;
  port = *bound;
  const Result<void> local = server->listen_unix(socket_path);
  ASSERT_TRUE(local) << local.error().detail;
  server->start();
}

Answer ServerTest::get(std::string_view target, std::string_view headers) const {
  return ask(fmt::format("GET {} HTTP/1.1\r\nHost: skerry\r\n{}\r\n", target, headers));
}

}  // namespace skerry::api
