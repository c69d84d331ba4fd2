#include "api/header_guard.hpp"

#include <gtest/gtest.h>

namespace skerry::api {
namespace {

namespace http = boost::beast::http;

TEST(RawHeader, SoundOnesPass) {
  for (const std::string_view raw :
       {"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nA: b\tc \xc3\xa4\r\nB:\r\n\r\n"})
    EXPECT_TRUE(check_raw_header(raw)) << raw;
}

TEST(RawHeader, EveryControlByteIsSeenWithItsPlace) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool in_value = byte >= 0x20 ? byte != 0x7f : byte == '\t';
    const bool in_line = byte >= 0x20 && byte < 0x7f;
    std::string value = "GET / HTTP/1.1\r\nA: b_c\r\n\r\n";
    std::string line = value;
    value[20] = static_cast<char>(byte);
    line[5] = static_cast<char>(byte);
    EXPECT_EQ(check_raw_header(value).has_value(), in_value) << byte;
    EXPECT_EQ(check_raw_header(line).has_value(), in_line) << byte;
    if (!in_value) {
      EXPECT_NE(check_raw_header(value).error().detail.find("byte 20"), std::string::npos);
    }
  }
}

TEST(RawHeader, FoldedLinesAreRefused) {
  EXPECT_FALSE(check_raw_header("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"));
  EXPECT_FALSE(check_raw_header("GET / HTTP/1.1\r\n\tA: b\r\n\r\n"));
  EXPECT_FALSE(check_raw_header("GET / HTTP/1.1\r\nA: b\r\n \r\n\r\n"));
}

http::fields fields_of(std::initializer_list<std::pair<const char*, const char*>> lines) {
  http::fields fields;
  for (const auto& [name, value] : lines) fields.insert(name, value);
  return fields;
}

TEST(Fields, HostFollowsTheVersion) {
  EXPECT_FALSE(check_fields(fields_of({}), 11));
  EXPECT_TRUE(check_fields(fields_of({}), 10));
  for (const char* host : {"a", "a.b:80", "[::1]:80", "127.0.0.1", "a_b-c"})
    EXPECT_TRUE(check_fields(fields_of({{"Host", host}}), 11)) << host;
  for (const char* host : {"", "a b", "a/b", "u@a", "a,b", "ä"})
    EXPECT_FALSE(check_fields(fields_of({{"Host", host}}), 11)) << host;
}

TEST(Fields, ALengthIsOneNumber) {
  EXPECT_TRUE(check_fields(fields_of({{"Host", "a"}, {"Content-Length", "14"}}), 11));
  for (const char* length : {"14, 14", "14,14", "14 14", "0x1"})
    EXPECT_FALSE(check_fields(fields_of({{"Host", "a"}, {"Content-Length", length}}), 11))
        << length;
}

TEST(Fields, SomeStandOnce) {
  for (const char* name :
       {"Host", "Last-Event-ID", "Content-Length", "Authorization", "Content-Type", "If-Match",
        "X-Request-Id", "IDEMPOTENCY-KEY", "Expect", "Origin"}) {
    http::fields fields = fields_of({{"host", "a"}, {name, "1"}, {name, "1"}});
    EXPECT_FALSE(check_fields(fields, 11)) << name;
  }
  EXPECT_TRUE(check_fields(
      fields_of(
          {{"Host", "a"}, {"Accept", "b"}, {"Accept", "c"}, {"X-Other", "d"}, {"X-Other", "e"}}),
      11));
}

TEST(Fields, TransferEncodingIsChunkedAlone) {
  EXPECT_TRUE(check_fields(fields_of({{"Host", "a"}, {"Transfer-Encoding", "CHUNKED"}}), 11));
  EXPECT_FALSE(check_fields(fields_of({{"Host", "a"}, {"Transfer-Encoding", "chunked"}}), 10));
  for (const char* coding : {"gzip", "chunked, chunked", "gzip, chunked", "chunked;a=b", ""})
    EXPECT_FALSE(check_fields(fields_of({{"Host", "a"}, {"Transfer-Encoding", coding}}), 11))
        << coding;
  EXPECT_FALSE(check_fields(
      fields_of({{"Host", "a"}, {"Transfer-Encoding", "chunked"}, {"Content-Length", "1"}}), 11));
}

}  // namespace
}  // namespace skerry::api
