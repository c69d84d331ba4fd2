// seat_command ACT …: the client as a command, for scripts and tests, and an example of its use.
//
// SKERRY_SERVER, SKERRY_STATE and SKERRY_TRUSTED_KEY (a file) say whose seat it is. Prints one line
// of JSON. Exit: 0, 1 refused, 2 wrong use, 3 unreachable, 4 no valid lease, 5 no usable state.
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <skerry/seat.hpp>
#include <stdexcept>
#include <string>
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

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  if (!value) throw std::invalid_argument(std::string(name) + " is not set");
  return value;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

json::object leased(const Seat& seat, const Lease& lease) {
  return {{"claims", lease.claims},
          {"seconds_left", static_cast<std::int64_t>(lease.seconds_left)},
          {"held", seat.held()}};
}

json::object act(Seat& seat, const std::vector<std::string>& said) {
  const std::string& name = said.at(0);
  if (name == "activate") return leased(seat, seat.activate(said.at(1), said.at(2), said.at(3)));
  if (name == "refresh") return leased(seat, seat.refresh());
  if (name == "lease") return leased(seat, seat.lease());
  if (name == "borrow") return leased(seat, seat.borrow(said.at(1)));
  if (name == "settle") return {{"settled", seat.settle().has_value()}};
  if (name == "release") {
    seat.release();
    return {{"released", true}};
  }
  const std::string& feature = said.at(1);
  const long long amount = std::stoll(said.at(2));
  if (name == "checkout") return seat.check_out(feature, amount);
  if (name == "return") return seat.give_back(feature, amount);
  if (name == "use") return seat.use(feature, amount);
  throw std::invalid_argument(name);
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
    skerry::client::Options options;
    options.server = variable("SKERRY_SERVER");
    options.state = variable("SKERRY_STATE");
    options.trusted_key = text_of(variable("SKERRY_TRUSTED_KEY"));
    Seat seat(options);
    std::cout << json::serialize(act(seat, {arguments + 1, arguments + count})) << '\n';
    return 0;
  } catch (const Failure& failure) {
    std::cerr << failure.what() << '\n';
    return exit_code(failure);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n' << usage;
    return 2;
  }
}
