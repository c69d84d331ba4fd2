#include "api/header_guard.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <fmt/format.h>

namespace skerry::api {
namespace {

namespace http = boost::beast::http;

tl::unexpected<Error> refuse(std::size_t position, std::string_view what) {
  return fail(Errc::bad_request, fmt::format("the header at byte {}: {}", position, what));
}

// A second one of these would change who is asking, for what, or where the message ends.
constexpr std::array single_fields{
    http::field::host,          http::field::content_length, http::field::transfer_encoding,
    http::field::authorization, http::field::content_type,   http::field::expect,
    http::field::if_match,      http::field::origin,
};
constexpr std::array<std::string_view, 4> single_names{"idempotency-key", "x-request-id",
                                                       "skerry-reason", "last-event-id"};

// Which of them `field` is, as a bit; 0 for any other.
unsigned single_bit(const http::fields::value_type& field) {
  const http::field name = field.name();
  for (std::size_t i = 0; i < single_fields.size(); ++i)
    if (name == single_fields[i]) return 1u << i;
  if (name != http::field::unknown) return 0;
  for (std::size_t i = 0; i < single_names.size(); ++i)
    if (boost::beast::iequals(field.name_string(),
                              {single_names[i].data(), single_names[i].size()}))
      return 1u << (single_fields.size() + i);
  return 0;
}

bool is_host(boost::beast::string_view host) {
  if (host.empty()) return false;
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~:[]%").find(c) != std::string_view::npos;
  });
}

}  // namespace

Result<void> check_raw_header(std::string_view raw) {
  const std::size_t first_line_end = raw.find('\n');
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto byte = static_cast<unsigned char>(raw[i]);
    if (byte > 0x20 && byte < 0x7f) continue;
    if (byte == '\r') {
      if (i + 1 == raw.size() || raw[i + 1] != '\n') return refuse(i, "a bare CR");
    } else if (byte == '\n') {
      if (i == 0 || raw[i - 1] != '\r') return refuse(i, "a bare LF");
      if (i + 1 < raw.size() && (raw[i + 1] == ' ' || raw[i + 1] == '\t'))
        return refuse(i + 1, "a folded line");
    } else if (i < first_line_end) {
      if (byte != ' ') return refuse(i, "a byte that must be percent-encoded");
    } else if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
      return refuse(i, "a control byte");
    }
  }
  return {};
}

Result<void> check_fields(const http::fields& fields, unsigned version) {
  unsigned seen = 0;
  for (const http::fields::value_type& field : fields) {
    const unsigned bit = single_bit(field);
    if ((seen & bit) != 0)
      return fail(Errc::bad_request,
                  fmt::format("the header {} stands twice", std::string_view(field.name_string())));
    seen |= bit;
  }
  const auto host = fields.find(http::field::host);
  if (host == fields.end() ? version >= 11 : !is_host(host->value()))
    return fail(Errc::bad_request, "the Host header is missing or malformed");

  // RFC 9110 section 8.6 lets a recipient read "14, 14" as 14: two readers may differ about it.
  const auto length = fields.find(http::field::content_length);
  if (length != fields.end() && !std::all_of(length->value().begin(), length->value().end(),
                                             [](char c) { return c >= '0' && c <= '9'; }))
    return fail(Errc::bad_request, "Content-Length is one number");

  const auto coding = fields.find(http::field::transfer_encoding);
  if (coding == fields.end()) return {};
  if (version < 11) return fail(Errc::bad_request, "Transfer-Encoding does not exist in HTTP/1.0");
  if (length != fields.end())
    return fail(Errc::bad_request, "Transfer-Encoding together with Content-Length");
  if (!boost::beast::iequals(coding->value(), "chunked"))
    return fail(Errc::bad_request, "the only Transfer-Encoding read here is chunked");
  return {};
}

}  // namespace skerry::api
