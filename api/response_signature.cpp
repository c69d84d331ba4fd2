#include "api/response_signature.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "crypto/base64.hpp"
#include "crypto/sha256.hpp"

namespace skerry::api {
namespace {

constexpr std::size_t nonce_bytes_max = 256;
constexpr std::string_view covered = R"(("@status" "content-digest" "@method";req "@path";req))";

// Base64 with the padding that a byte sequence has (RFC 9651 section 3.3.5).
std::string byte_sequence(ByteView bytes) {
  std::string text = crypto::to_base64(bytes);
  text.append((4 - text.size() % 4) % 4, '=');
  return ":" + text + ":";
}

// The nonce of "skerry=(…);…nonce="…"". nullopt: nothing of ours is asked for.
std::optional<std::string_view> asked_nonce(std::string_view asked) {
  if (!asked.starts_with("skerry=(")) return std::nullopt;
  constexpr std::string_view member = ";nonce=\"";
  const std::size_t at = asked.find(member);
  if (at == std::string_view::npos) return std::string_view();
  const std::string_view rest = asked.substr(at + member.size());
  const std::string_view nonce = rest.substr(0, rest.find('"'));
  const bool plain = std::all_of(nonce.begin(), nonce.end(),
                                 [](char c) { return c >= 0x20 && c < 0x7f && c != '\\'; });
  if (nonce.size() == rest.size() || nonce.size() > nonce_bytes_max || !plain) return std::nullopt;
  return nonce;
}

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
  const auto nonce = asked_nonce(request.header("Accept-Signature"));
  if (!nonce) return;
  const auto* const body = std::get_if<std::string>(&response.body);
  const Hash digest = crypto::sha256(as_bytes(body ? std::string_view(*body) : ""));
  const std::string content_digest = "sha-256=" + byte_sequence(digest);
  std::string parameters = fmt::format("{};created={};keyid=\"{}\";alg=\"ed25519\"", covered,
                                       clock.wall_ms() / 1000, key.verify_key().key_id());
  if (!nonce->empty()) parameters += fmt::format(";nonce=\"{}\"", *nonce);
  const std::string base = fmt::format(
      "\"@status\": {}\n\"content-digest\": {}\n\"@method\";req: {}\n\"@path\";req: {}\n"
      "\"@signature-params\": {}",
      response.status, content_digest, to_string(request.method), path_of(request), parameters);
  response.header("Content-Digest", content_digest);
  response.header("Signature-Input", "skerry=" + parameters);
  response.header("Signature", "skerry=" + byte_sequence(key.sign(as_bytes(base))));
}

}  // namespace skerry::api
