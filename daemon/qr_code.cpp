#include "daemon/qr_code.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <qrencode.h>

#include "core/text.hpp"

namespace skerry::daemon {
namespace {

constexpr std::size_t margin = 4;      // modules
constexpr std::size_t png_module = 8;  // pixels

struct Whole {
  const QrCode& code;
  std::size_t width() const { return code.width + 2 * margin; }
  bool is_dark(std::size_t x, std::size_t y) const {
    const bool inside =
        x >= margin && y >= margin && x < margin + code.width && y < margin + code.width;
    return inside && code.is_dark(x - margin, y - margin);
  }
};

struct Part {
  std::size_t number = 0;
  std::size_t of = 0;
  std::string_view text;
};

// "2/4:…"
std::optional<Part> read_part(std::string_view line) {
  Part part;
  const char* const end = line.data() + line.size();
  const auto [slash, no_number] = std::from_chars(line.data(), end, part.number);
  if (no_number != std::errc() || slash == end || *slash != '/') return std::nullopt;
  const auto [colon, no_count] = std::from_chars(slash + 1, end, part.of);
  if (no_count != std::errc() || colon == end || *colon != ':') return std::nullopt;
  part.text = line.substr(static_cast<std::size_t>(colon + 1 - line.data()));
  const bool fits = part.number >= 1 && part.number <= part.of && part.of <= qr_parts_max;
  return fits && !part.text.empty() ? std::optional(part) : std::nullopt;
}

void append_number(std::string& out, std::uint32_t number) {
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    out += static_cast<char>(static_cast<std::uint8_t>(number >> shift));
}

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

void append_chunk(std::string& out, std::string_view type, std::string_view data) {
  append_number(out, static_cast<std::uint32_t>(data.size()));
  const std::string covered = std::string(type).append(data);
  out.append(covered);
  append_number(out, crc32(covered));
}

// zlib (RFC 1950) of blocks that are not compressed: a code is some ten kilobytes.
std::string stored(std::string_view data) {
  constexpr std::size_t block_max = 0xffff;
  std::string out("\x78\x01");
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const char byte : data) {
    a = (a + static_cast<std::uint8_t>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  while (!data.empty()) {
    const std::string_view block = data.substr(0, block_max);
    data.remove_prefix(block.size());
    out += static_cast<char>(data.empty() ? 1 : 0);
    for (const std::size_t length : {block.size(), ~block.size()})
      for (const unsigned shift : {0U, 8U})
        out += static_cast<char>(static_cast<std::uint8_t>(length >> shift));
    out.append(block);
  }
  append_number(out, (b << 16) | a);
  return out;
}

}  // namespace

Result<std::vector<std::string>> qr_parts(std::string_view text) {
  if (!text.empty() && text.size() <= qr_bytes_max) return std::vector{std::string(text)};
  if (text.empty() || text.size() > qr_parts_max * qr_part_bytes)
    return fail(Errc::bad_input,
                fmt::format("{} bytes are no QR codes: they hold 1 to {}", text.size(),
                            qr_parts_max * qr_part_bytes),
                "carry the file itself, or ask for less, such as fewer --amount");
  if (!is_utf8(text))
    return fail(Errc::bad_input, "what does not fit into one code has to be text",
                "carry the file itself");
  const std::size_t parts = (text.size() + qr_part_bytes - 1) / qr_part_bytes;
  std::vector<std::string> made;
  // Readers take the text of a code for UTF-8: no character is cut.
  const auto cut = [&](std::size_t at) {
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U) --at;
    return at;
  };
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t from = cut(text.size() * part / parts);
    const std::size_t to = cut(text.size() * (part + 1) / parts);
    made.push_back(fmt::format("{}/{}:{}", part + 1, parts, text.substr(from, to - from)));
  }
  return made;
}

Result<std::string> join_qr_parts(std::string_view text) {
  std::vector<std::pair<std::size_t, std::string>> read;  // one part may be there twice
  std::size_t count = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() && !read.empty()) continue;  // scanners leave some between the codes
    const auto part = read_part(line);
    if (!part && read.empty()) return std::string(text);
    if (!part) {  // a line break of the text itself
      read.back().second.append(1, '\n').append(line);
      continue;
    }
    if (read.empty()) count = part->of;
    if (part->of != count)
      return fail(Errc::bad_input, "the parts are of two files",
                  "scan the codes of one file again");
    read.emplace_back(part->number, part->text);
  }
  std::vector<std::string> parts(count);
  for (auto& [number, said] : read) {
    std::string& part = parts[number - 1];
    if (!part.empty() && part != said)
      return fail(Errc::bad_input,
                  fmt::format("part {} of {} is there twice, and differs", number, count),
                  "scan the codes of one file again");
    part = std::move(said);
  }
  std::string whole;
  for (std::size_t at = 0; at < parts.size(); ++at) {
    if (parts[at].empty())
      return fail(Errc::bad_input, fmt::format("part {} of {} is missing", at + 1, parts.size()),
                  "scan that code, too, and add what it says as a line");
    whole += parts[at];
  }
  return whole;
}

Result<QrCode> make_qr_code(std::string_view text) {
  if (text.empty() || text.size() > qr_bytes_max)
    return fail(Errc::bad_input, fmt::format("{} bytes are no QR code: it holds 1 to {}",
                                             text.size(), qr_bytes_max));
  for (const QRecLevel level : {QR_ECLEVEL_M, QR_ECLEVEL_L}) {
    const std::unique_ptr<QRcode, decltype(&QRcode_free)> made(
        QRcode_encodeData(static_cast<int>(text.size()),
                          reinterpret_cast<const unsigned char*>(text.data()), 0, level),
        &QRcode_free);
    if (!made) continue;
    QrCode code;
    code.width = static_cast<std::size_t>(made->width);
    code.dark.resize(code.width * code.width);
    for (std::size_t at = 0; at < code.dark.size(); ++at) code.dark[at] = (made->data[at] & 1) != 0;
    return code;
  }
  return fail(Errc::internal, "the QR code could not be made");
}

std::string qr_text(const QrCode& code) {
  const Whole whole{code};
  std::string out;
  for (std::size_t y = 0; y < whole.width(); y += 2) {
    for (std::size_t x = 0; x < whole.width(); ++x) {
      const bool upper = !whole.is_dark(x, y);
      const bool lower = y + 1 < whole.width() && !whole.is_dark(x, y + 1);
      out += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
    }
    out += '\n';
  }
  return out;
}

std::string qr_svg(const QrCode& code) {
  const Whole whole{code};
  std::string out = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" width="{1}" height="{1}" )"
      R"(shape-rendering="crispEdges"><rect width="{0}" height="{0}" fill="#fff"/><path d=")",
      whole.width(), whole.width() * png_module);
  for (std::size_t y = 0; y < whole.width(); ++y)
    for (std::size_t x = 0; x < whole.width(); ++x)
      if (whole.is_dark(x, y)) fmt::format_to(std::back_inserter(out), "M{} {}h1v1h-1z", x, y);
  return out.append("\"/></svg>\n");
}

std::string qr_png(const QrCode& code) {
  const Whole whole{code};
  const std::size_t pixels = whole.width() * png_module;
  std::string rows;
  for (std::size_t y = 0; y < whole.width(); ++y) {
    std::string row(1, '\0');  // the filter: none
    for (std::size_t x = 0; x < whole.width(); ++x) row += whole.is_dark(x, y) ? '\0' : '\xff';
    for (std::size_t line = 0; line < png_module; ++line) rows.append(row);
  }
  std::string header;
  append_number(header, static_cast<std::uint32_t>(pixels));
  append_number(header, static_cast<std::uint32_t>(pixels));
  header.append({'\1', '\0', '\0', '\0', '\0'});  // one bit of grey
  std::string out("\x89PNG\r\n\x1a\n");
  append_chunk(out, "IHDR", header);
  append_chunk(out, "IDAT", stored(rows));
  append_chunk(out, "IEND", {});
  return out;
}

}  // namespace skerry::daemon
