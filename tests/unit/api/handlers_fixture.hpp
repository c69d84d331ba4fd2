// The handlers behind a whole machine, and tables of requests with what their answers must say.
#pragma once

#include <gmock/gmock.h>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/api/machine_fixture.hpp"

namespace skerry::api {

using testing::HasSubstr;
using testing::Not;

inline constexpr std::string_view nobody = "0199c0de-0000-7000-8000-000000000001";

// A request, and what its answer must and must not say.
struct Case {
  const char* name;
  const char* method;
  std::string target;
  std::string body;
  std::string headers;
  unsigned status;
  std::vector<std::string> present;
  std::vector<std::string> absent;
};

class HandlersTest : public MachineTest {
 protected:
  using MachineTest::MachineTest;
  void check(const std::vector<Case>& cases) {
    for (const Case& each : cases) {
      SCOPED_TRACE(each.name);
      const Answer answer = send(each.method, each.target, each.body, each.headers);
      EXPECT_EQ(answer.status, each.status) << answer.body;
      for (const std::string& text : each.present) EXPECT_THAT(answer.body, HasSubstr(text));
      for (const std::string& text : each.absent) EXPECT_THAT(answer.body, Not(HasSubstr(text)));
    }
  }
};

class SiteHandlersTest : public HandlersTest {
 protected:
  SiteHandlersTest() : HandlersTest(Role::site) {}
};

}  // namespace skerry::api
