// The machine's limit for the bench: the smallest coroutine server that Beast allows, which answers
// every request with the same 300 bytes of JSON. No routes, no limits, no time-outs.
//   bare_beast PORT [THREADS]
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

constexpr auto end_of_session = [](std::exception_ptr) {};

// A session ends by an error of the socket, which use_tuple gives as a value; nothing else throws
// here.
asio::awaitable<void> serve(tcp::socket socket) {
  static const std::string body =
      R"({"id":"0199c0de-1234-7000-8000-000000000000","name":")" + std::string(245, 'x') + "\"}";
  boost::beast::flat_buffer buffer;
  while (true) {
    http::request<http::string_body> request;
    const auto [read_error, read] = co_await http::async_read(socket, buffer, request, use_tuple);
    if (read_error) co_return;
    http::response<http::string_body> response(http::status::ok, request.version());
    response.set(http::field::content_type, "application/json");
    response.keep_alive(request.keep_alive());
    response.body() = body;
    response.prepare_payload();
    const auto [write_error, written] = co_await http::async_write(socket, response, use_tuple);
    if (write_error || !response.keep_alive()) co_return;
  }
}

asio::awaitable<void> accept_all(tcp::acceptor& acceptor) {
  while (true) {
    auto [error, socket] = co_await acceptor.async_accept(use_tuple);
    if (error) continue;
    socket.set_option(tcp::no_delay(true));
    const auto executor = acceptor.get_executor();
    asio::co_spawn(executor, serve(std::move(socket)), end_of_session);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: bare_beast PORT [THREADS]\n", stderr);
    return 64;
  }
  const int threads = argc > 2 ? std::atoi(argv[2]) : 2;
  asio::io_context context(threads);
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), port});
  std::printf("%u\n", static_cast<unsigned>(acceptor.local_endpoint().port()));
  std::fflush(stdout);
  asio::co_spawn(context, accept_all(acceptor), end_of_session);
  std::vector<std::thread> pool;
  for (int i = 1; i < threads; ++i) pool.emplace_back([&] { context.run(); });
  context.run();
}
