// seat_command ACT …: the client as a command, for scripts and tests, and an example of its use.
//
// SKERRY_SERVER, SKERRY_STATE and SKERRY_TRUSTED_KEY (a file) say whose seat it is. Prints one line
// of JSON. Exit: 0, 1 refused, 2 wrong use, 3 unreachable, 4 no valid lease, 5 no usable state.
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <skerry/seat.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace {

namespace json = boost::json;
using skerry::client::Failure;
using skerry::client::Lease;
using skerry::client::Seat;
using skerry::client::Trouble;

constexpr const char* usage =
    "seat_command activate CODE PRODUCT SEAT_ID | refresh | lease | settle | release\n"
    "             | borrow UNTIL | checkout FEATURE AMOUNT | return FEATURE AMOUNT\n"
    "             | use FEATURE AMOUNT\n";

using WrongUse = std::invalid_argument;  // as the client throws it

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  if (!value) throw WrongUse(std::string(name) + " is not set");
  return value;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw WrongUse(path + " cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Said {
  std::string name;
  std::vector<std::string> words;
  std::int64_t amount = 0;  // the second of two words
};

Said read(const std::vector<std::string>& arguments) {
  static const std::map<std::string, std::size_t> known{
      {"activate", 3}, {"refresh", 0},  {"lease", 0},  {"settle", 0}, {"release", 0},
      {"borrow", 1},   {"checkout", 2}, {"return", 2}, {"use", 2}};
  const auto call = known.find(arguments.empty() ? std::string() : arguments[0]);
  if (call == known.end() || call->second + 1 != arguments.size())
    throw WrongUse("there is no such call");
  Said said{call->first, {arguments.begin() + 1, arguments.end()}};
  if (call->second != 2) return said;
  const std::string& text = said.words[1];
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, said.amount);
  if (stop != end || error != std::errc()) throw WrongUse("'" + text + "' is no amount");
  return said;
}

Seat open_seat() {
  skerry::client::Options options;
  options.server = variable("SKERRY_SERVER");
  options.state = variable("SKERRY_STATE");
  options.trusted_key = text_of(variable("SKERRY_TRUSTED_KEY"));
  return Seat(options);
}

json::object leased(const Seat& seat, const Lease& lease) {
  return {{"claims", lease.claims},
          {"seconds_left", static_cast<std::int64_t>(lease.seconds_left)},
          {"held", seat.held()}};
}

json::object act(Seat& seat, const Said& said) {
  const auto& [name, words, amount] = said;
  if (name == "activate") return leased(seat, seat.activate(words[0], words[1], words[2]));
  if (name == "refresh") return leased(seat, seat.refresh());
  if (name == "lease") return leased(seat, seat.lease());
  if (name == "borrow") return leased(seat, seat.borrow(words[0]));
  if (name == "settle") return {{"settled", seat.settle().has_value()}};
  if (name == "release") {
    seat.release();
    return {{"released", true}};
  }
  if (name == "checkout") return seat.check_out(words[0], amount);
  if (name == "return") return seat.give_back(words[0], amount);
  return seat.use(words[0], amount);
}

int exit_code(const Failure& failure) {
  switch (failure.trouble) {
    case Trouble::refused:
      std::cout << json::serialize(failure.problem) << '\n';
      return 1;
    case Trouble::unreachable:
      return 3;
    case Trouble::bad_lease:
      return 4;
    default:
      return 5;
  }
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const Said said = read({arguments + 1, arguments + count});
    Seat seat = open_seat();
    std::cout << json::serialize(act(seat, said)) << '\n';
    return 0;
  } catch (const Failure& failure) {
    std::cerr << failure.what() << '\n';
    return exit_code(failure);
  } catch (const WrongUse& error) {
    std::cerr << error.what() << '\n' << usage;
    return 2;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 5;
  }
}
