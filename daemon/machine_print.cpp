#include "daemon/machine_print.hpp"

#include <fstream>

#include "crypto/sha256.hpp"

namespace skerry::daemon {
namespace {

constexpr std::streamsize bytes_max = 4096;
constexpr std::size_t digits = 32;

// A digest that means nothing elsewhere: machine-id(5) asks not to pass the id itself on. Empty for
// a file that is not there, not ours to read, or without content.
std::string digest_of(const std::filesystem::path& file, std::string_view what) {
  std::ifstream in(file, std::ios::binary);
  std::string content(static_cast<std::size_t>(bytes_max), '\0');
  in.read(content.data(), bytes_max);
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (content.find_first_not_of(" \t\r\n") == std::string::npos) return {};
  const std::string salted = "skerry anchor, " + std::string(what) + ": " + content;
  return to_hex(crypto::sha256(as_bytes(salted))).substr(0, digits);
}

}  // namespace

store::MachinePrint read_machine_print(const std::filesystem::path& root) {
  return {digest_of(root / "etc/machine-id", "system"),
          digest_of(root / "sys/class/dmi/id/product_uuid", "board"),
          digest_of(root / "sys/firmware/qemu_fw_cfg/by_name/etc/vmgenid_guid/raw", "generation")};
}

}  // namespace skerry::daemon
