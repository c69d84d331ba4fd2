#include "daemon/machine_print.hpp"

#include <fstream>
#include <gtest/gtest.h>

#include "tests/unit/temporary_folder.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

class MachinePrintTest : public ::testing::Test {
 protected:
  void put(const fs::path& file, const std::string& content) {
    fs::create_directories((root / file).parent_path());
    std::ofstream(root / file) << content;
  }
  TemporaryFolder temporary;
  const fs::path root = temporary.path();
};

TEST_F(MachinePrintTest, WhatCannotBeReadIsEmpty) {
  EXPECT_EQ(read_machine_print(root), store::MachinePrint{});
  put("etc/machine-id", "\n");
  EXPECT_EQ(read_machine_print(root), store::MachinePrint{});
}

TEST_F(MachinePrintTest, TellsMachinesApartAndGivesNoIdAway) {
  const std::string id = "0123456789abcdef0123456789abcdef";
  put("etc/machine-id", id + "\n");
  put("sys/class/dmi/id/product_uuid", "1b4e28ba-2fa1-11d2-883f-0016d3cca427\n");
  const auto here = read_machine_print(root);
  EXPECT_EQ(here, read_machine_print(root));
  EXPECT_EQ(here.system.size(), 32u);
  EXPECT_EQ(here.board.size(), 32u);
  EXPECT_EQ(here.generation, "");
  EXPECT_NE(here.system, id);
  put("etc/machine-id", "f123456789abcdef0123456789abcdef\n");
  EXPECT_NE(read_machine_print(root).system, here.system);
  EXPECT_TRUE(store::is_other_machine(here, read_machine_print(root)));
}

}  // namespace
}  // namespace skerry::daemon
