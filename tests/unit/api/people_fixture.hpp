// A machine with people: makes users, signs them in, and asks as they do.
#pragma once

#include <fmt/format.h>

#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {

inline constexpr std::string_view good_password = "kelp-forest-lantern";

class PeopleTest : public HandlersTest {
 protected:
  using HandlersTest::HandlersTest;

  // Gives the one-time code. `more`: further members, each with its comma before it.
  std::string make_user(std::string_view name, std::string_view role, std::string_view more = "") {
    const Answer made =
        post("/v1/users", fmt::format(R"({{"name":"{}","role":"{}"{}}})", name, role, more));
    EXPECT_EQ(made.status, 201u) << made.body;
    return std::string(read_json(made)["code"].as_string());
  }
  Answer claim(std::string_view code, std::string_view password = good_password) {
    return send_over_tcp("POST", "/v1/session:claim",
                         fmt::format(R"({{"code":"{}","password":"{}"}})", code, password));
  }
  Answer sign_in(std::string_view name, std::string_view password = good_password,
                 std::string_view headers = "") {
    return send_over_tcp("POST", "/v1/session",
                         fmt::format(R"({{"name":"{}","password":"{}"}})", name, password),
                         headers);
  }
  // The header of the session that this answer began.
  static std::string cookie_of(const Answer& answer) {
    const std::string set = answer.header("Set-Cookie");
    return fmt::format("Cookie: theme=dark; {}\r\n", set.substr(0, set.find(';')));
  }
  // As make_user(), with the good password: the header of a session.
  std::string user_with_session(std::string_view name, std::string_view role,
                                std::string_view more = "") {
    const Answer claimed = claim(make_user(name, role, more));
    EXPECT_EQ(claimed.status, 200u) << claimed.body;
    return cookie_of(claimed) + "X-Skerry-Source: console\r\n";
  }
  // Until the log holds it: refusals are written behind their answers.
  void await_log(std::string_view text) {
    while (get("/v1/audit?op=event&limit=500").body.find(text) == std::string::npos) {
    }
  }
};

}  // namespace skerry::api
