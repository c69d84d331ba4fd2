// Load on the Licensing API: many clients, each with seats of its own, one request after another.
//   seats_load HOST PORT CODE SEATS SECONDS
// Takes SEATS seats of product BENCH once (`fill`), then for 1, 16 and 64 clients claims seats that
// are taken (each is committed before it is answered) and refreshes them. Prints for each
//   RESULT name rate median_us p99_us not_2xx 5xx
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;

struct Seat {
  std::string id, secret, nonce;
};

enum class Act { fill, claim, refresh };

struct Phase {
  Act act = Act::fill;
  std::size_t clients = 1;
  SteadyClock::time_point end;
  std::vector<float> took_us;
  std::size_t not_2xx = 0;
  std::size_t server_errors = 0;
};

struct Load {
  tcp::endpoint address;
  std::string code;
  std::vector<Seat> seats;
  std::size_t calls = 0;
  std::int64_t run = SteadyClock::now().time_since_epoch().count();  // a key is of one call
};

// The text of a member, as the daemon writes JSON.
std::string_view member(std::string_view body, std::string_view name) {
  const std::string start = fmt::format("\"{}\":\"", name);
  const std::size_t at = body.find(start);
  if (at == std::string_view::npos) return {};
  body.remove_prefix(at + start.size());
  return body.substr(0, body.find('"'));
}

std::string request_for(Load& load, Act act, std::size_t number) {
  const Seat& seat = load.seats[number];
  const std::size_t call = ++load.calls;
  if (act == Act::refresh)
    return fmt::format(
        "POST /v1/activations/{}/refresh HTTP/1.1\r\nHost: bench\r\nIdempotency-Key: {}\r\n"
        "Skerry-Seat-Secret: {}\r\nSkerry-Seat-Nonce: {}\r\nContent-Length: 0\r\n\r\n",
        seat.id, call, seat.secret, seat.nonce);
  const std::string body = fmt::format(
      R"({{"activation_code":"{}","product":"BENCH","seat_id":"seat-{}"}})", load.code, number);
  return fmt::format(
      "POST /v1/activations HTTP/1.1\r\nHost: bench\r\nIdempotency-Key: {}-{}\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      load.run, call, body.size(), body);
}

std::size_t content_length(std::string_view head) {
  constexpr std::string_view name = "Content-Length: ";
  const std::size_t at = head.find(name);
  std::size_t length = 0;
  if (at != std::string_view::npos)
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
  return length;
}

// Client `first` has every seat whose number is `first` modulo the number of clients.
asio::awaitable<void> run_client(Load& load, Phase& phase, std::size_t first) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(load.address, asio::use_awaitable);
  socket.set_option(tcp::no_delay(true));
  std::string input;
  const std::size_t step = std::min(phase.clients, load.seats.size());
  for (std::size_t number = first; phase.act == Act::fill || SteadyClock::now() < phase.end;) {
    const std::string request = request_for(load, phase.act, number);
    const auto began = SteadyClock::now();
    co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
    const std::size_t head = co_await asio::async_read_until(socket, asio::dynamic_buffer(input),
                                                             "\r\n\r\n", asio::use_awaitable);
    const std::size_t whole = head + content_length(std::string_view(input).substr(0, head));
    if (input.size() < whole)
      co_await asio::async_read(socket, asio::dynamic_buffer(input),
                                asio::transfer_exactly(whole - input.size()), asio::use_awaitable);
    const std::chrono::duration<float, std::micro> took = SteadyClock::now() - began;
    phase.took_us.push_back(took.count());
    const char status = input[9];
    const std::string_view body = std::string_view(input).substr(head, whole - head);
    Seat& seat = load.seats[number];
    if (status == '2') {
      seat.nonce = member(body, "nonce");
      if (phase.act != Act::refresh) seat.id = member(body, "id");
      if (phase.act != Act::refresh) seat.secret = member(body, "secret");
    } else {
      if (phase.not_2xx == 0) std::fprintf(stderr, "%.*s\n", int(whole), input.data());
      ++phase.not_2xx;
      if (status == '5') ++phase.server_errors;
    }
    input.erase(0, whole);
    number += step;
    if (number >= load.seats.size()) {
      if (phase.act == Act::fill) co_return;
      number = first;
    }
  }
}

void run_phase(Load& load, Phase phase, const std::string& name, int seconds) {
  asio::io_context context(1);
  const auto began = SteadyClock::now();
  phase.end = began + std::chrono::seconds(seconds);
  for (std::size_t client = 0; client < std::min(phase.clients, load.seats.size()); ++client)
    asio::co_spawn(context, run_client(load, phase, client), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  context.run();
  const std::chrono::duration<double> took = SteadyClock::now() - began;
  std::vector<float>& times = phase.took_us;
  std::sort(times.begin(), times.end());
  std::printf("RESULT %s %.1f %.1f %.1f %zu %zu\n", name.c_str(),
              double(times.size() - phase.not_2xx) / took.count(), double(times[times.size() / 2]),
              double(times[times.size() * 99 / 100]), phase.not_2xx, phase.server_errors);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fputs("usage: seats_load HOST PORT CODE SEATS SECONDS\n", stderr);
    return 64;
  }
  try {
    Load load;
    load.address = {asio::ip::make_address(argv[1]), std::uint16_t(std::atoi(argv[2]))};
    load.code = argv[3];
    load.seats.resize(std::size_t(std::max(1, std::atoi(argv[4]))));
    const int seconds = std::max(1, std::atoi(argv[5]));
    run_phase(load, {Act::fill, 64, {}, {}, 0, 0}, "fill.64", seconds);
    for (const std::size_t clients : {1u, 16u, 64u}) {
      run_phase(load, {Act::claim, clients, {}, {}, 0, 0}, fmt::format("claim.{}", clients),
                seconds);
      run_phase(load, {Act::refresh, clients, {}, {}, 0, 0}, fmt::format("refresh.{}", clients),
                seconds);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "seats_load: %s\n", error.what());
    return 1;
  }
}
