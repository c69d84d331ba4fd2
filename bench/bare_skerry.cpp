// The server without records: one synchronous route that answers with 300 bytes of JSON, so that
// what the HTTP machinery itself costs can be told from what a record costs.
//   bare_skerry PORT [THREADS]
#include <cstdio>
#include <cstdlib>

#include "api/server.hpp"

namespace {

using namespace skerry::api;

struct Nothing {};

Response record(Nothing&, Request& request) {
  std::string body(R"({"id":")");
  body.append(request.param("id")).append(R"(","name":")").append(245, 'x').append("\"}");
  return Response::json(200, std::move(body));
}

constexpr Route table[] = {
    {Method::get, "/v1/{kind}/{id}", Access::open, Body::none, handler<record>, "get", ""},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: bare_skerry PORT [THREADS]\n", stderr);
    return 64;
  }
  Nothing nothing;
  ServerOptions options;
  if (argc > 2) options.io_threads = static_cast<unsigned>(std::atoi(argv[2]));
  Server server(Router(table, nothing), nullptr, options);
  const auto port = server.listen_tcp("127.0.0.1", static_cast<std::uint16_t>(std::atoi(argv[1])));
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().detail.c_str());
    return 1;
  }
  std::printf("%u\n", static_cast<unsigned>(*port));
  std::fflush(stdout);
  server.start();
  server.wait();
}
