#include "api/response_signature.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <vector>

#include "crypto/base64.hpp"
#include "crypto/sha256.hpp"

namespace skerry::api {
namespace {

constexpr std::size_t answered_max = 4;  // signatures of one answer
constexpr std::size_t text_bytes_max = 256;
constexpr std::string_view covered = R"(("@status" "content-digest" "@method";req "@path";req))";

// Base64 with the padding that a byte sequence has (RFC 9651 section 3.3.5).
std::string byte_sequence(ByteView bytes) {
  std::string text = crypto::to_base64(bytes);
  text.append((4 - text.size() % 4) % 4, '=');
  return ":" + text + ":";
}

// One signature that is asked for.
struct Asked {
  std::string_view label;
  std::string echoed;  // the parameters that come back: nonce, tag
  bool can_be = true;
};

// A dictionary of inner lists (RFC 9651) whose items are names of components (RFC 9421 section 2).
class AskedReader {
 public:
  AskedReader(std::string_view text, std::string_view key_id) : rest_(text), key_id_(key_id) {}

  // Those that can be answered; none when the header is something else.
  std::vector<Asked> read() {
    std::vector<Asked> all;
    for (bool more = true; more && well_;) {
      skip(" \t");
      Asked one;
      one.label = key();
      expect('=');
      components(one);
      parameters([&](std::string_view name, std::string_view value) { take(one, name, value); });
      // The last of two with one label counts.
      std::erase_if(all, [&](const Asked& each) { return each.label == one.label; });
      all.push_back(std::move(one));
      skip(" \t");
      more = !rest_.empty();
      if (more) expect(',');
    }
    if (!well_) return {};
    std::erase_if(all, [](const Asked& each) { return !each.can_be; });
    if (all.size() > answered_max) all.resize(answered_max);
    return all;
  }

 private:
  void skip(std::string_view these) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(these), rest_.size()));
  }
  void expect(char c) {
    well_ = well_ && rest_.starts_with(c);
    if (well_) rest_.remove_prefix(1);
  }
  std::string_view take_front(std::size_t size) {
    const std::string_view front = rest_.substr(0, size);
    rest_.remove_prefix(front.size());
    return front;
  }
  std::string_view key() {
    constexpr std::string_view in_key = "abcdefghijklmnopqrstuvwxyz0123456789_-.*";
    const std::size_t size = std::min(rest_.find_first_not_of(in_key), rest_.size());
    const bool begins = size > 0 && (rest_[0] == '*' || (rest_[0] >= 'a' && rest_[0] <= 'z'));
    well_ = well_ && begins && size <= text_bytes_max;
    return take_front(size);
  }
  // With its quotes; one with an escape in it is none of ours to repeat.
  std::string_view string() {
    const std::size_t end = rest_.starts_with('"') ? rest_.find('"', 1) : std::string_view::npos;
    well_ = well_ && end != std::string_view::npos && end <= text_bytes_max;
    const std::string_view text = take_front(well_ ? end + 1 : 0);
    well_ = well_ && std::all_of(text.begin(), text.end(),
                                 [](char c) { return c >= 0x20 && c < 0x7f && c != '\\'; });
    return text;
  }
  template <class Each>
  void parameters(const Each& each) {
    while (well_ && rest_.starts_with(';')) {
      rest_.remove_prefix(1);
      skip(" ");
      const std::string_view name = key();
      std::string_view value;
      if (rest_.starts_with('=')) {
        rest_.remove_prefix(1);
        value = rest_.starts_with('"')
                    ? string()
                    : take_front(std::min(rest_.find_first_of(";, )\""), rest_.size()));
        well_ = well_ && !value.empty();
      }
      each(name, value);
    }
  }
  void components(Asked& one) {
    constexpr std::array<std::string_view, 4> known{R"("@status")", R"("content-digest")",
                                                    R"("@method";req)", R"("@path";req)"};
    expect('(');
    for (skip(" "); well_ && !rest_.starts_with(')'); skip(" ")) {
      std::string name(string());
      parameters([&](std::string_view parameter, std::string_view value) {
        name.append(";").append(parameter).append(value);
      });
      one.can_be = one.can_be && std::find(known.begin(), known.end(), name) != known.end();
      well_ = well_ && (rest_.starts_with(')') || rest_.starts_with(' '));
    }
    expect(')');
  }
  void take(Asked& one, std::string_view name, std::string_view value) const {
    const bool is_text = value.starts_with('"');
    if ((name == "nonce" || name == "tag") && is_text)
      one.echoed.append(";").append(name).append("=").append(value);
    else if (name == "alg")
      one.can_be = one.can_be && value == R"("ed25519")";
    else if (name == "keyid")
      one.can_be = one.can_be && value == fmt::format("\"{}\"", key_id_);
    else
      one.can_be = one.can_be && name == "created";
  }

  std::string_view rest_;
  std::string_view key_id_;
  bool well_ = true;
};

// What RFC 3986 lets a segment hold as it is stays so, as clients write it.
std::string path_of(const Request& request) {
  constexpr std::string_view plain = "-._~!$&'()*+,;=:@";
  std::string path;
  for (const std::string& segment : request.target.segments) {
    path += '/';
    for (const char c : segment) {
      const bool kept = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || plain.find(c) != std::string_view::npos;
      if (kept)
        path += c;
      else
        path += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return path;
}

}  // namespace

void sign_if_asked(const crypto::SigningKey& key, const Clock& clock, const Request& request,
                   Response& response) {
  const std::string_view header = request.header("Accept-Signature");
  if (header.empty()) return;
  const std::string key_id = key.verify_key().key_id();
  const std::vector<Asked> asked = AskedReader(header, key_id).read();
  if (asked.empty()) return;
  const auto* const body = std::get_if<std::string>(&response.body);
  const bool is_sent = body && !request.head_only;  // RFC 9530, appendix B.2
  const Hash digest = crypto::sha256(as_bytes(is_sent ? std::string_view(*body) : ""));
  const std::string content_digest = "sha-256=" + byte_sequence(digest);
  const std::string_view method = request.head_only ? "HEAD" : to_string(request.method);
  std::string inputs;
  std::string signatures;
  for (const Asked& each : asked) {
    const std::string parameters =
        fmt::format("{};created={};keyid=\"{}\";alg=\"ed25519\"{}", covered, clock.wall_ms() / 1000,
                    key_id, each.echoed);
    const std::string base = fmt::format(
        "\"@status\": {}\n\"content-digest\": {}\n\"@method\";req: {}\n\"@path\";req: {}\n"
        "\"@signature-params\": {}",
        response.status, content_digest, method, path_of(request), parameters);
    const std::string_view comma = inputs.empty() ? "" : ", ";
    inputs += fmt::format("{}{}={}", comma, each.label, parameters);
    signatures +=
        fmt::format("{}{}={}", comma, each.label, byte_sequence(key.sign(as_bytes(base))));
  }
  response.header("Content-Digest", content_digest);
  response.header("Signature-Input", inputs);
  response.header("Signature", signatures);
}

}  // namespace skerry::api
