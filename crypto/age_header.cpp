#include "crypto/age_header.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "crypto/age.hpp"
#include "crypto/base64.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/sha256.hpp"

namespace skerry::crypto {
namespace {

constexpr std::size_t body_columns = 64;
constexpr std::string_view stanza_mark = "->";
constexpr std::string_view end_mark = "---";

// Hands out the lines of a text and counts them.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  // Without its newline; nullopt when no whole line is left.
  std::optional<std::string_view> next() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    ++number_;
    return line;
  }

  bool at_end() const { return rest_.empty(); }

  tl::unexpected<Error> wrong(std::string_view what) const {
    return fail(Errc::corrupt_bundle, fmt::format("age header, line {}: {}", number_, what));
  }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

bool is_visible(char c) { return c >= 0x21 && c <= 0x7e; }

// "-> type argument…": one space before each, none of them empty.
Result<AgeStanza> parse_stanza_line(std::string_view line, const Lines& lines) {
  if (!line.starts_with(stanza_mark)) return lines.wrong("a stanza was expected");
  line.remove_prefix(stanza_mark.size());
  if (line.empty()) return lines.wrong("the stanza has no type");
  AgeStanza stanza;
  bool is_type = true;
  while (!line.empty()) {
    if (line.front() != ' ') return lines.wrong("the arguments are not apart by one space");
    line.remove_prefix(1);
    const std::string_view argument = line.substr(0, line.find(' '));
    if (argument.empty() || !std::ranges::all_of(argument, is_visible))
      return lines.wrong("an argument is empty or has a character that is not visible ASCII");
    if (is_type) {
      stanza.type = argument;
    } else {
      stanza.arguments.emplace_back(argument);
    }
    is_type = false;
    line.remove_prefix(argument.size());
  }
  return stanza;
}

// Full lines of 64 columns, then one that is shorter, maybe empty.
Result<Bytes> parse_body(Lines& lines) {
  Bytes body;
  for (;;) {
    const auto line = lines.next();
    if (!line) return lines.wrong("the stanza's body does not end");
    if (line->size() > body_columns) return lines.wrong("the line has more than 64 columns");
    const std::optional<Bytes> bytes = from_base64(*line);
    if (!bytes) return lines.wrong("not canonical base64");
    body.insert(body.end(), bytes->begin(), bytes->end());
    if (line->size() < body_columns) return body;
  }
}

Result<Hash> parse_mac_line(std::string_view line, const Lines& lines) {
  line.remove_prefix(end_mark.size());
  if (!line.starts_with(' ')) return lines.wrong("the MAC is missing");
  const std::optional<Bytes> bytes = from_base64(line.substr(1));
  Hash mac;
  if (!bytes || bytes->size() != mac.size())
    return lines.wrong("the MAC is not 32 bytes in canonical base64");
  std::ranges::copy(*bytes, mac.begin());
  return mac;
}

void append_stanza(std::string& text, const AgeStanza& stanza) {
  text.append(stanza_mark).append(" ").append(stanza.type);
  for (const std::string& argument : stanza.arguments) text.append(" ").append(argument);
  text += '\n';
  const std::string body = to_base64(stanza.body);
  for (std::size_t at = 0; at <= body.size(); at += body_columns)
    text.append(body, at, body_columns).append("\n");
}

}  // namespace

Result<AgeHeader> parse_age_header(std::string_view text) {
  Lines lines(text);
  if (!text.starts_with(age_version_line)) return lines.wrong("this is not an age v1 file");
  lines.next();
  AgeHeader header;
  for (;;) {
    const auto line = lines.next();
    if (!line) return lines.wrong("the header does not end");
    if (line->starts_with(end_mark)) {
      if (header.stanzas.empty()) return lines.wrong("there is no stanza");
      SKERRY_TRY(header.mac, parse_mac_line(*line, lines));
      if (!lines.at_end()) return lines.wrong("text after the end of the header");
      header.mac_covered_bytes =
          static_cast<std::size_t>(line->data() - text.data()) + end_mark.size();
      return header;
    }
    if (header.stanzas.size() == age_stanzas_max)
      return fail(Errc::limit_exceeded,
                  fmt::format("the age header has more than {} stanzas", age_stanzas_max));
    SKERRY_TRY(AgeStanza stanza, parse_stanza_line(*line, lines));
    SKERRY_TRY(stanza.body, parse_body(lines));
    header.stanzas.push_back(std::move(stanza));
  }
}

std::string format_age_stanzas(const std::vector<AgeStanza>& stanzas) {
  std::string text(age_version_line);
  for (const AgeStanza& stanza : stanzas) append_stanza(text, stanza);
  return text.append(end_mark);
}

std::string format_age_mac(const Hash& mac) { return fmt::format(" {}\n", to_base64(mac)); }

Hash age_header_mac(ByteView file_key, std::string_view covered) {
  return hmac_sha256(hkdf_sha256(file_key, {}, "header", 32).view(), as_bytes(covered));
}

}  // namespace skerry::crypto
