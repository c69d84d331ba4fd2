#include "store/anchor.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "core/check.hpp"
#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/log.hpp"
#include "crypto/sha256.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view anchor_type = "skerry/anchor/v1";
constexpr std::size_t file_bytes = 512;  // one sector: written whole or not at all
constexpr std::size_t check_digits = 16;

tl::unexpected<Error> failed(int why, std::string_view what, const std::filesystem::path& place) {
  return fail(Errc::io_failed,
              fmt::format("{} the anchor {}: {}", what, place.string(), std::strerror(why)),
              "name a folder that can be written in skerry.toml: [anchor] folder");
}

std::string check_of(std::string_view text) {
  return to_hex(crypto::sha256(as_bytes(text))).substr(0, check_digits);
}

std::string to_text(const Anchor& anchor) {
  const json::object object{{"_type", anchor_type},
                            {"site", to_string(anchor.site)},
                            {"epoch", to_string(anchor.epoch)},
                            {"ord", anchor.ord},
                            {"seq", anchor.seq},
                            {"hash", to_hex(anchor.hash)},
                            {"trust", anchor.trust},
                            {"origin", to_string(anchor.origin)},
                            {"machine", json::array{json::string(anchor.machine.system),
                                                    json::string(anchor.machine.board),
                                                    json::string(anchor.machine.generation)}}};
  std::string text = to_json_text(object);
  text += '\n' + check_of(text) + '\n';
  SKERRY_CHECK(text.size() <= file_bytes);
  text.resize(file_bytes, '\n');
  return text;
}

std::int64_t integer_of(const json::object& object, std::string_view name) {
  const json::value& value = member_of(object, name);
  return value.is_int64() ? value.get_int64() : -1;
}

std::optional<Anchor> from_text(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos ||
      text.substr(end + 1, check_digits) != check_of(text.substr(0, end)))
    return std::nullopt;
  const auto object = parse_json_object(text.substr(0, end));
  if (!object || text_of(*object, "_type") != anchor_type) return std::nullopt;
  const auto site = parse_id<SiteId>(text_of(*object, "site"));
  const auto epoch = parse_id<EpochId>(text_of(*object, "epoch"));
  const auto hash = hash_from_hex(text_of(*object, "hash"));
  const json::array* machine = member_of(*object, "machine").if_array();
  if (!site || !epoch || !hash || !machine || machine->size() != 3) return std::nullopt;
  Anchor anchor{*site, *epoch, integer_of(*object, "ord"), integer_of(*object, "seq"), *hash, {}};
  const auto digest = [&](std::size_t at) {
    const json::string* digits = (*machine)[at].if_string();
    return digits ? std::string(*digits) : std::string();
  };
  anchor.machine = {digest(0), digest(1), digest(2)};
  // Older ones do not say these.
  if (object->contains("trust")) anchor.trust = integer_of(*object, "trust");
  if (object->contains("origin")) {
    const auto origin = parse_id<EpochId>(text_of(*object, "origin"));
    if (!origin) return std::nullopt;
    anchor.origin = *origin;
  }
  if (anchor.ord < 0 || anchor.seq < 0 || anchor.trust < 0) return std::nullopt;
  return anchor;
}

}  // namespace

bool is_other_machine(const MachinePrint& a, const MachinePrint& b) {
  const auto differ = [](const std::string& one, const std::string& other) {
    return !one.empty() && !other.empty() && one != other;
  };
  return differ(a.system, b.system) || differ(a.board, b.board) ||
         differ(a.generation, b.generation);
}

bool is_anothers(const Anchor& anchor, const SiteId& site, const EpochId& origin) {
  const auto differ = [](const auto& one, const auto& other) {
    return !one.is_zero() && !other.is_zero() && one != other;
  };
  return differ(anchor.site, site) || differ(anchor.origin, origin);
}

Result<AnchorFile> AnchorFile::open(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return failed(errno, "making the folder of", folder);
  const std::filesystem::path file = folder / "anchor";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failed(errno, "opening", file);
  return AnchorFile(file, fd);
}

AnchorFile::AnchorFile(AnchorFile&& other) noexcept
    : file_(std::move(other.file_)), fd_(std::exchange(other.fd_, -1)) {}

AnchorFile::~AnchorFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<Anchor> AnchorFile::read() const {
  std::array<char, file_bytes> bytes{};
  const ssize_t got = ::pread(fd_, bytes.data(), bytes.size(), 0);
  if (got != static_cast<ssize_t>(bytes.size())) return std::nullopt;
  return from_text({bytes.data(), bytes.size()});
}

Result<void> AnchorFile::write(const Anchor& anchor) {
  const std::string text = to_text(anchor);
  const ssize_t put = ::pwrite(fd_, text.data(), text.size(), 0);
  if (put == static_cast<ssize_t>(text.size())) return {};
  return failed(put < 0 ? errno : ENOSPC, "writing", file_);
}

void AnchorKeeper::keep(const LogHead& head, std::int64_t trust) {
  const auto written =
      file_.write({site_, head.epoch, head.ord, head.seq, head.hash, machine_, trust, origin_});
  if (!written && !failing_)
    log(Level::error, "{}; a restore is noticed later than it could be", written.error().detail);
  failing_ = !written;
}

}  // namespace skerry::store
